//! `keyward redact`: stdin to stdout with the vault's values masked.

use std::io;

use keyward_app::Error;

use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(context: &Context<'_>) -> Result<u8, Error> {
    context.no_json("A filtered stream")?;
    let masker = context.keyward()?.masker()?;
    match masker.copy(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(Error::new(
            "DISK_ERROR",
            format!("The stream broke: {}.", error.kind()),
            "Check where the output goes.",
        )),
    }
}
