// Repositories and their scans, which take a while and can be stopped.

import { type Api, ApiError } from "../api";
import { leaksOf, reportOf } from "./findings";
import type { FakeVault } from "./vault";

export function leakCommands(v: FakeVault) {
  return {
    repositories: async () => {
      await v.turn();
      return { repositories: v.repositories };
    },
    addRepository: async ({ path }) => {
      await v.turn();
      if (path.includes("missing"))
        throw new ApiError(
          "NOT_FOUND",
          `There is no folder \`${path}\`.`,
          "Check the path, or choose the folder.",
        );
      if (!v.repositories.some((known) => known.path === path)) {
        v.repositories = [...v.repositories, { path, scanned: null, leaks: leaksOf(null) }].sort(
          (a, b) => a.path.localeCompare(b.path),
        );
      }
      return { repositories: v.repositories };
    },
    forgetRepository: async ({ path }) => {
      await v.turn();
      v.repositories = v.repositories.filter((known) => known.path !== path);
      v.reports.delete(path);
      return { repositories: v.repositories };
    },
    scan: async ({ path }) => {
      const job = { cancelled: false };
      v.scanning = job;
      const report = reportOf(path, v.now);
      const steps = 24;
      for (let step = 1; step <= steps; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, v.options.slow ? 400 : 60));
        if (job.cancelled)
          throw new ApiError("CANCELLED", "The scan was stopped. The last report was kept.", "");
        const share = step / steps;
        for (const listener of v.listeners) {
          listener({
            path,
            stage: step < 6 ? "worktree" : "history",
            files: Math.min(report.summary.files, Math.round(report.summary.files * share * 4)),
            blobs: Math.round(report.summary.blobs * share),
            bytes: Math.round(report.summary.bytes * share),
          });
        }
      }
      v.scanning = null;
      v.reports.set(path, report);
      v.repositories = v.repositories.map((known) =>
        known.path === path ? { ...known, scanned: v.at(), leaks: leaksOf(report) } : known,
      );
      v.record("scan", path, `${report.findings.length} findings`);
      return report;
    },
    cancelScan: async () => {
      if (v.scanning) v.scanning.cancelled = true;
    },
    lastReport: async ({ path }) => {
      await v.turn();
      return v.reports.get(path) ?? null;
    },
    onScanProgress: async (handler) => {
      v.listeners.add(handler);
      return () => v.listeners.delete(handler);
    },
  } satisfies Partial<Api>;
}
