//! `jiaozi keys`: makes the secret keys of an installation and adds versions of them.

use crate::cli::{AddKeyFlags, KeysAction, MakeKeysFlags};
use crate::{database, key_file};
use kernel::keys::KeyRing;
use std::error::Error;

/// Does what was typed.
pub(crate) async fn run(action: KeysAction) -> Result<(), Box<dyn Error>> {
    match action {
        KeysAction::Make(flags) => make(flags).await,
        KeysAction::Add(flags) => add(&flags),
    }
}

async fn make(MakeKeysFlags { force_new, config }: MakeKeysFlags) -> Result<(), Box<dyn Error>> {
    let config = config.load()?;
    config.make_folder()?;
    let file = config.key_file();
    let missing = key_file::missing(&file)?;
    if missing.is_empty() {
        say!("no key is missing");
        return Ok(());
    }
    let needed = |purpose: &&&str| !KeyRing::NOTHING_KEPT.contains(purpose);
    let needed: Vec<&str> = missing.iter().filter(needed).copied().collect();
    if !force_new && !needed.is_empty() && database::has_data(&config).await? {
        let needed = needed.join(", ");
        return Err(format!(
            "the database has data and keys are missing: {needed}. Bring back their copy; \
             --force-new makes new ones, under which nothing that is kept can be opened or found"
        )
        .into());
    }
    let made = key_file::make_missing(&file)?.join(", ");
    say!("made {made} in {}; keep a copy apart from the database", file.display());
    Ok(())
}

fn add(flags: &AddKeyFlags) -> Result<(), Box<dyn Error>> {
    let file = flags.config.load()?.key_file();
    let version = key_file::add_version(&file, &flags.purpose)?;
    let purpose = &flags.purpose;
    say!("version {version} of {purpose} writes from the next start on; copy the key file again");
    Ok(())
}
