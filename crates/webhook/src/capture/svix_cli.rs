//! Svix CLI: the message that `svix listen` gets for a request, with the body in base64
//! (`relay/messages.go` of svix/svix-cli).

use super::Sink;
use super::draft::malformed;
use super::json::Json;
use crate::request::{Request, SampleError};

const FORMAT: &str = "svix-cli";

/// Reads a message, with its envelope or without.
pub(super) fn read(message: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let event = message.get("data").filter(|data| data.is_object()).unwrap_or(message);
    let body = event.get("body").and_then(Json::text);
    let body = body.ok_or_else(|| malformed(FORMAT, "a message has no `body` in base64"))?;
    let mut request = Request { method: event.string_at("method"), ..Request::default() };
    request.take_headers(event.get("headers"));
    request.take_base64(FORMAT, &body)?;
    request.note("A Svix message has no URL.");
    sink.add(request)
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};

    #[test]
    fn every_byte_is_kept() {
        let bare =
            r#"{"id":"msg_1","method":"POST","headers":{"svix-id":"msg_1"},"body":"AP8NCg=="}"#;
        for text in [bare.to_owned(), format!(r#"{{"type":"event","version":1,"data":{bare}}}"#)] {
            let capture = read(text.as_bytes(), None).expect("a message");
            assert_eq!(capture.format, Format::SvixCli);
            let request = capture.only().expect("one");
            assert_eq!((request.body(), request.lossy), (b"\0\xff\r\n".as_slice(), false));
            assert_eq!(request.header("Svix-Id").as_deref(), Some("msg_1"));
        }
    }
}
