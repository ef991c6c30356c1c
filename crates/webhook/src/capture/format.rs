//! The formats that captures come in, by the ids that the command line and its JSON use.

use serde::Serialize;
use ts_rs::TS;

/// A capture format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "CaptureFormat")]
pub enum Format {
    /// HTTP text as `nc`, tcpdump and proxies write it (RFC 9112), or headers alone.
    RawHttp,
    /// Keyward's own request JSON, and what `keyward webhook import` prints.
    RequestJson,
    /// A cURL command for bash, cmd or PowerShell, or PowerShell's own `Invoke-WebRequest`.
    Curl,
    /// HTTP Archive 1.2.
    Har,
    /// `.http` and `.rest` files of VS Code's REST Client, JetBrains and kulala.
    HttpFile,
    /// webhook.site's API.
    WebhookSite,
    /// The API of tarampampam/webhook-tester.
    WebhookTester,
    /// The API of ngrok's inspector on port 4040.
    Ngrok,
    /// `stripe listen --format json`, or a message of its websocket.
    StripeCli,
    /// A message of `svix listen`.
    SvixCli,
    /// Hookdeck's API, or an event of its command line.
    Hookdeck,
    /// GitHub's page of recent deliveries, or its REST answer.
    GithubDelivery,
    /// The event that AWS API Gateway, a Lambda URL or a load balancer hands to a function.
    ApiGateway,
    /// A Postman collection 2.1.
    Postman,
    /// A browser's "copy as fetch".
    Fetch,
    /// Python that calls `requests`.
    PythonRequests,
    /// A line of a log that quotes the body, or the quoted body alone.
    LogLine,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 17] = [
        Self::RawHttp,
        Self::RequestJson,
        Self::Curl,
        Self::Har,
        Self::HttpFile,
        Self::WebhookSite,
        Self::WebhookTester,
        Self::Ngrok,
        Self::StripeCli,
        Self::SvixCli,
        Self::Hookdeck,
        Self::GithubDelivery,
        Self::ApiGateway,
        Self::Postman,
        Self::Fetch,
        Self::PythonRequests,
        Self::LogLine,
    ];

    /// Its id, such as `raw-http`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RawHttp => "raw-http",
            Self::RequestJson => "request-json",
            Self::Curl => "curl",
            Self::Har => "har",
            Self::HttpFile => "http-file",
            Self::WebhookSite => "webhook-site",
            Self::WebhookTester => "webhook-tester",
            Self::Ngrok => "ngrok",
            Self::StripeCli => "stripe-cli",
            Self::SvixCli => "svix-cli",
            Self::Hookdeck => "hookdeck",
            Self::GithubDelivery => "github-delivery",
            Self::ApiGateway => "api-gateway",
            Self::Postman => "postman",
            Self::Fetch => "fetch",
            Self::PythonRequests => "python-requests",
            Self::LogLine => "log-line",
        }
    }

    /// The format with this id.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether the whole capture is JSON. A GitHub delivery and a log line may be text as well.
    pub(super) fn is_json(self) -> bool {
        matches!(
            self,
            Self::RequestJson
                | Self::Har
                | Self::WebhookSite
                | Self::WebhookTester
                | Self::Ngrok
                | Self::StripeCli
                | Self::SvixCli
                | Self::Hookdeck
                | Self::ApiGateway
                | Self::Postman
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn names_are_those_of_the_json() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).expect("a name"), format.name());
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("carrier-pigeon"), None);
    }
}
