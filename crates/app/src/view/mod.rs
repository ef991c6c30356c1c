//! The views: what a use case hands to a face. Each type is both a row of `--json` and an IPC
//! payload of the window; TypeScript is generated from them (see [`crate::bindings`]). None holds
//! a secret value.

mod backup;
mod backup_habit;
mod entry;
mod home;
mod issue;
mod lock;
mod provider;
mod remind;
mod rotation;
mod status;

pub use backup::{BackupList, BackupReport, BackupRow, BadEntry, RestoreChange, RestoreReport};
pub use backup_habit::{
    DrillReport, DrillRow, FolderRun, KitReport, KitRow, LastDrill, ScheduleFolder, ScheduleRun,
    ScheduleStatus,
};
pub use entry::{
    CurrentVersion, EntryDetail, EntryList, EntryRow, ImportReport, ImportRow, UseRow, VersionRow,
};
pub use home::{Home, Need, Repository, RepositoryList, Week};
pub use issue::{
    IssuedKeyCopied, IssuedKeyHash, IssuedKeyList, IssuedKeyRow, IssuedKeyVerdict, IssuedKeyView,
};
pub use lock::LockStatus;
pub use provider::{
    CheckView, ConnectionView, DestinationList, DestinationRow, ParameterRow, ProviderList,
    ProviderRow, SeenPlace,
};
pub use remind::{CalendarReport, MissedReminder, RemindStatus, Reminded};
pub use rotation::{NextStep, RunList, RunPlace, RunProof, RunStep, RunView};
pub use status::{
    AuditExport, AuditExportRow, AuditList, AuditRow, AuditVerdict, Check, Doctor, KeychainStatus,
    LeakCount, Settings, Status,
};

/// The version number of every JSON document that Keyward prints.
pub const JSON_VERSION: u32 = 1;
