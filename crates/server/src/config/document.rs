//! `docs/configuration.md`, written from the keys so that it cannot tell anything else.

use super::key::{self, Default, Key};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");

const INTRODUCTION: &str = "\
# Configuration

Every key has a default, so an empty configuration runs. A value is taken from the highest of these
layers that has one:

1. a flag on the command line,
2. the environment: `JIAOZI_` and the key in capitals, dots as underscores
   (`JIAOZI_WITHDRAW_FEE_BP` for `withdraw.fee_bp`),
3. the TOML file named with `--config`,
4. the default.

`jiaozi config check` shows every value and the layer it comes from. A key that nobody knows, a
value outside its range, and figures that contradict each other (`age.wallet` above
`age.own_consent`) stop the program before it opens anything, with a message that names the key.

Money is in fen (0.01 yuan); keys that end in `_s` are in seconds. A change holds after a restart,
for what is decided from then on; what was promised before (when an order or a code ends) stays as
promised.

This page is written from the program: `make configuration`.
";

/// What stands above the table of the rates.
const RATES: &str = "
How many calls of a kind one merchant may make a second; as many may come at once. 0 is no limit,
and a sandbox has none unless the key is set. Calls count once their signature holds, those over
XML too, and each server counts for itself. What is above a rate is
[refused](merchant-api.md#errors). Of refunds, those that fail and those of old orders have lower
rates beside.
";

fn table(title: &str, above: &str, keys: impl Iterator<Item = Key>) -> String {
    let mut text = format!("\n## {title}\n{above}\n| key | default | range | meaning |\n");
    text.push_str("| --- | --- | --- | --- |\n");
    for key in keys {
        let default = match key.default {
            Default::Number(number) => number.to_string(),
            Default::Text("") => String::new(),
            Default::Text(text) => format!("`{text}`"),
            Default::Switch(switch) => switch.to_string(),
        };
        let range = key.range_shown().unwrap_or_default();
        text.push_str(&format!("| `{}` | {default} | {range} | {} |\n", key.name, key.doc));
    }
    text
}

#[test]
fn configuration_document_is_committed_fresh() {
    let is_bank = |key: &Key| key.name.starts_with("bank_limit.");
    let fresh = [
        INTRODUCTION.to_owned(),
        table("The program", "", key::of_program()),
        table("The rates of merchants", RATES, key::rates()),
        table("The rules", "", key::figures().filter(|key| !is_bank(key))),
        table("The limits of banks", "", key::figures().filter(is_bank)),
    ]
    .concat();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(COMMITTED, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(fresh == committed, "docs/configuration.md is old: run `make configuration`");
}
