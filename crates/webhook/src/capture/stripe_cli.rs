//! Stripe CLI. `stripe listen --format json` prints event objects, which are not what was signed; the
//! messages of its websocket hold headers and payload (`pkg/websocket` of stripe/stripe-cli).

use super::Sink;
use super::draft::malformed;
use super::json::Json;
use crate::request::{Request, SampleError};

/// Reads a message of the websocket, or an event object.
pub(super) fn read(value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let mut request = Request { method: Some("POST".into()), ..Request::default() };
    if let Some(payload) = value.get("event_payload").and_then(Json::text) {
        request.take_headers(value.get("http_headers"));
        request.take_text(payload);
        request.compare_length();
    } else if value.string_at("object").is_some() {
        request.loss("This is the event object alone: `stripe listen --format json` prints neither the headers nor the bytes that were signed, so the signature cannot be checked. Capture the request at your endpoint instead.");
    } else {
        return Err(malformed(
            "stripe-cli",
            "there is neither `event_payload` nor an event object",
        ));
    }
    sink.add(request)
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};

    #[test]
    fn a_message_holds_the_payload() {
        let text = br#"{"type":"webhook_event","event_payload":"{\n  \"id\": \"evt_1\"\n}","http_headers":{"Stripe-Signature":"t=1,v1=00"},"webhook_id":"wh_1","webhook_conversation_id":"wc_1"}"#;
        let capture = read(text, None).expect("a message");
        assert_eq!(capture.format, Format::StripeCli);
        let request = capture.only().expect("one");
        assert_eq!(request.body(), b"{\n  \"id\": \"evt_1\"\n}");
        assert_eq!(request.header("stripe-signature").as_deref(), Some("t=1,v1=00"));
        assert!(!request.lossy);
    }

    #[test]
    fn an_event_alone_cannot_be_checked() {
        let lines =
            b"{\"id\":\"evt_1\",\"object\":\"event\"}\n{\"id\":\"evt_2\",\"object\":\"event\"}\n";
        let capture = read(lines, None).expect("events");
        assert_eq!((capture.format, capture.requests.len()), (Format::StripeCli, 2));
        let request = &capture.requests[0];
        assert_eq!((request.body.as_ref(), request.lossy), (None, true));
        assert!(request.notes[0].contains("cannot be checked"));
    }
}
