// A small SendGrid on this machine: it makes keys, lists and deletes them, and refuses those that are dead.

import http from "node:http";

// Made-up values, valid in form.
const letters = (first, count) => first.repeat(count).slice(0, count);
export const key = (first) => `SG.${letters(first, 22)}.${letters(`${first}z`, 43)}`;

/** Starts it with one key that is alive. */
export async function start(first) {
  const keys = new Map([[first, "the first"]]);
  const id = (value) => value.split(".")[1];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const say = (status, said) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(said === undefined ? "" : JSON.stringify(said));
    };
    const bearer = (request.headers.authorization ?? "").replace("Bearer ", "");
    const call = `${request.method} ${request.url.split("?")[0].replace(/^\/v3/, "")}`;
    if (!keys.has(bearer)) return say(401, { errors: [{ message: "authorization required" }] });
    if (call === "GET /scopes") return say(200, { scopes: ["mail.send"] });
    if (call === "GET /api_keys") {
      return say(200, { result: [...keys].map(([value, name]) => ({ api_key_id: id(value), name })) });
    }
    if (call === "POST /api_keys") {
      const made = key("Nw4k");
      keys.set(made, JSON.parse(body).name);
      return say(201, { api_key: made, api_key_id: id(made) });
    }
    const dead = [...keys.keys()].find((value) => call === `DELETE /api_keys/${id(value)}`);
    if (!dead) return say(404, { errors: [{ message: "there is no such key" }] });
    keys.delete(dead);
    return say(204);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    alive: () => [...keys.keys()],
    close: () => server.close(),
  };
}
