//! TypeScript for every view and input, generated so that the window cannot drift from the core.

use ts_rs::{Config, TS};

use crate::input::{ConnectionEdit, EntryEdit, NewEntry, NewIssuedKey, NewPlace, NewRun};
use crate::view;

/// The text of `ui/src/lib/bindings.ts`.
#[must_use]
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut out =
        String::from("// Generated from the Rust views by `cargo xtask bindings`. Do not edit.\n");
    macro_rules! types {
        ($($name:ty),* $(,)?) => {
            $(out.push_str(&declaration::<$name>(&config));)*
        };
    }
    types!(
        crate::Error,
        NewEntry,
        EntryEdit,
        NewIssuedKey,
        NewRun,
        NewPlace,
        ConnectionEdit,
        view::EntryList,
        view::EntryRow,
        view::CurrentVersion,
        view::EntryDetail,
        view::VersionRow,
        view::UseRow,
        view::ImportReport,
        view::ImportRow,
        view::RunList,
        view::RunView,
        view::RunStep,
        view::NextStep,
        view::RunPlace,
        view::RunProof,
        view::ProviderList,
        view::ProviderRow,
        view::ParameterRow,
        view::ConnectionView,
        view::CheckView,
        view::DestinationList,
        view::DestinationRow,
        view::SeenPlace,
        view::BackupList,
        view::BackupRow,
        view::BackupReport,
        view::DrillReport,
        view::DrillRow,
        view::LastDrill,
        view::KitReport,
        view::KitRow,
        view::ScheduleStatus,
        view::ScheduleFolder,
        view::ScheduleRun,
        view::FolderRun,
        view::RestoreReport,
        view::BadEntry,
        view::RestoreChange,
        view::Status,
        view::LockStatus,
        view::KeychainStatus,
        view::Doctor,
        view::Check,
        view::AuditList,
        view::AuditRow,
        view::AuditVerdict,
        view::Settings,
        view::RemindStatus,
        view::MissedReminder,
        view::CalendarReport,
        view::Home,
        view::Need,
        view::Week,
        view::IssuedKeyList,
        view::IssuedKeyRow,
        view::IssuedKeyView,
        view::IssuedKeyCopied,
        view::IssuedKeyVerdict,
        view::IssuedKeyHash,
        view::RepositoryList,
        view::Repository,
        view::LeakCount,
        keyward_scan::Report,
        keyward_scan::Finding,
        keyward_scan::Place,
        keyward_scan::Own,
        keyward_scan::Issued,
        keyward_scan::Summary,
        keyward_scan::Skipped,
        keyward_scan::Notice,
        keyward_scan::Kind,
        keyward_scan::Mode,
        keyward_scan::Severity,
        keyward_scan::Confidence,
        keyward_scan::Source,
        keyward_scan::Decoding,
        keyward_scan::OwnValues,
        crate::webhook::WebhookView,
        crate::webhook::RequestView,
        crate::webhook::CaptureInput,
        crate::webhook::CaptureRead,
        crate::webhook::RequestRead,
        keyward_webhook::capture::Format,
        keyward_webhook::Report,
        keyward_webhook::Verdict,
        keyward_webhook::SecretName,
        keyward_webhook::Wanted,
        keyward_webhook::Check,
        keyward_webhook::CheckName,
        keyward_webhook::Reason,
        keyward_webhook::Code,
        keyward_webhook::Difference,
        keyward_webhook::SchemeSummary,
        keyward_webhook::Framework,
        keyward_webhook::Remedy,
        keyward_webhook::Snippet,
        crate::webhook::VerifyInput,
        crate::webhook::SampleInput,
        crate::webhook::SignedSample,
        crate::webhook::ChallengeView,
        crate::webhook::SendInput,
        crate::webhook::SendView,
        crate::webhook::SentRequest,
        crate::webhook::EndpointAnswer,
        crate::webhook::AnswerEnding,
        keyward_webhook::Answer,
        keyward_webhook::Handshake,
    );
    out
}

fn declaration<T: TS + 'static>(config: &Config) -> String {
    // The docs stay with the Rust types; the window needs the shapes.
    format!("\nexport {}\n", T::decl(config))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_type_is_declared_once() {
        let text = super::typescript();
        let mut names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("export type "))
            .filter_map(|line| line.split(' ').next())
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "two types share a name");
    }
}
