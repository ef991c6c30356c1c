//! What a template cannot say: sorted fields, canonical requests, serialised maps. An adapter only makes
//! the text that is signed (`{fields}`); hashing, encoding and comparing stay the engine's.

mod adyen;
pub(crate) mod atlassian;
mod contentful;
mod hubspot;
mod keygen;
mod mandrill;
mod paddle_classic;
mod plivo;
mod sns;
mod twilio;

use serde::Deserialize;

use crate::delivery::Delivery;
use crate::scheme::KeyPair;

/// The code behind a scheme's `{fields}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    /// Adyen's eight fields of each payment notification.
    Adyen,
    /// Contentful's method, path, signed headers and body.
    Contentful,
    /// HubSpot's URL, with some of its escapes decoded.
    Hubspot,
    /// Keygen's HTTP signature over the headers that it lists.
    Keygen,
    /// Mandrill's URL and sorted form fields.
    Mandrill,
    /// Paddle Classic's form fields as PHP serialises them.
    PaddleClassic,
    /// Plivo's URL, sorted query and sorted form fields.
    Plivo,
    /// Amazon SNS' fixed members of its message.
    Sns,
    /// Twilio's URL and sorted form fields.
    Twilio,
}

impl Adapter {
    /// The texts that may have been signed, the likeliest first; none when the request lacks what the
    /// text is made of, or when what it says of its body is not true.
    pub(crate) fn fields(self, delivery: &Delivery) -> Vec<Vec<u8>> {
        match self {
            Self::Adyen => adyen::fields(delivery),
            Self::Contentful => contentful::fields(delivery).into_iter().collect(),
            Self::Hubspot => hubspot::urls(delivery.url),
            Self::Keygen => keygen::fields(delivery).into_iter().collect(),
            Self::Mandrill => vec![mandrill::fields(delivery)],
            Self::PaddleClassic => vec![paddle_classic::fields(delivery)],
            Self::Plivo => plivo::fields(delivery).into_iter().collect(),
            Self::Sns => sns::fields(delivery).into_iter().collect(),
            Self::Twilio => twilio::fields(delivery),
        }
    }

    /// Whether each text has a signature of its own, and all must fit.
    pub(crate) fn is_pairwise(self) -> bool {
        self == Self::Adyen
    }

    /// Whether the text covers the body of this delivery.
    pub(crate) fn covers_body(self, delivery: &Delivery) -> bool {
        match self {
            Self::Adyen | Self::Hubspot => false,
            Self::Contentful | Self::PaddleClassic | Self::Plivo | Self::Mandrill | Self::Sns => {
                true
            }
            Self::Keygen => keygen::covers_body(delivery),
            Self::Twilio => twilio::covers_body(delivery),
        }
    }

    /// Whether a check of the body stands beside the signature, so that one can fit without the other.
    pub(crate) fn without_body(self, delivery: &Delivery) -> Vec<Vec<u8>> {
        match self {
            Self::Twilio => twilio::without_body(delivery),
            Self::Keygen => keygen::without_body(delivery).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the public URL is part of the text.
    pub(crate) fn needs_url(self) -> bool {
        !matches!(self, Self::Adyen | Self::PaddleClassic | Self::Sns)
    }

    /// Whether the method is part of the text.
    pub(crate) fn signs_method(self) -> bool {
        matches!(self, Self::Contentful | Self::Keygen)
    }

    /// The algorithm that the message's own version stands for, where a provider has two.
    pub(crate) fn algorithm(self, delivery: &Delivery) -> Option<KeyPair> {
        match self {
            Self::Sns => sns::algorithm(delivery),
            _ => None,
        }
    }

    /// What the text is made of, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Adyen => "eight fields of each notification, joined by `:`",
            Self::Contentful => "method, path, the headers it lists and the body, a line each",
            Self::Hubspot => "the URL with its escapes decoded",
            Self::Keygen => "the request line and the headers it lists, a line each",
            Self::Mandrill => "the URL and each form field's name and value, sorted",
            Self::PaddleClassic => "the form fields, sorted, as PHP serialises them",
            Self::Plivo => "the URL, its sorted query and the sorted form fields",
            Self::Sns => "fixed members of the message, name and value on a line each",
            Self::Twilio => "the URL and each form field's name and value, sorted",
        }
    }
}
