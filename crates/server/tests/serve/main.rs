//! The binary from the outside: how it starts, what it refuses, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that fails to unwrap has failed")]

mod canaries;
mod developer;
mod haystack;
mod process;
mod program;
mod secrets;
mod shared;
mod story;

use program::{Program, Running};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What holds on either database.
macro_rules! on_each_database {
    ($($module:ident::$test:ident),+ $(,)?) => {
        mod on_a_file {
            $(#[tokio::test]
            async fn $test() -> jiaozi_server::demo::Told<()> {
                super::$module::$test(crate::program::Program::on_a_file()).await
            })+
        }

        mod on_a_server {
            $(#[tokio::test]
            async fn $test() -> jiaozi_server::demo::Told<()> {
                super::$module::$test(crate::program::Program::on_a_server()).await
            })+
        }
    };
}

on_each_database! {
    process::sandbox_serves_on_an_empty_folder_and_again_on_the_same,
    process::second_server_on_the_same_data_is_refused,
    process::operator_reaches_the_running_server_or_the_database_alike,
    secrets::dump_files_and_logs_of_a_finished_story_hold_no_secret,
    story::money_under_way_arrives_at_once_after_the_server_was_killed,
    story::five_wrong_payment_passwords_lock_across_a_restart,
    story::operator_freezes_with_and_without_a_server_and_the_audit_is_clean,
    story::the_bank_ends_with_a_server_that_was_asked_to_end,
    story::migrate_makes_a_database_once,
}

/// What a client sends that forgot to sign.
const REQUEST: &str = "GET /v3/certificates HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n\
                       Accept: application/json\r\n\r\n";

#[tokio::test]
async fn merchant_listener_signs_and_writes_headers_in_title_case() {
    let program = Program::on_a_file();
    let running = program.serve();
    let answer = running.raw_merchant(REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    for header in ["\r\nWechatpay-Signature: ", "\r\nWechatpay-Serial: ", "\r\nContent-Type: "] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
}

#[tokio::test]
async fn sandbox_bank_ends_with_the_server_that_was_killed() {
    let program = Program::on_a_file();
    let running = program.serve();
    let bank = running.connect_to_bank().await;
    running.kill();
    Running::wait_for_close(bank).await;
    let again = program.serve();
    assert_eq!(again.get("/readyz").await["ready"], true);
}

#[test]
fn weak_or_missing_secrets_refuse_to_start() {
    let program = Program::on_a_file();
    let missing = program.run(&["serve"]);
    assert!(missing.error().contains("key `payment_password` is missing"), "{}", missing.error());
    drop(program.serve());
    let file = program.data().join("keys.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let readable = program.run(&["serve", "--sandbox"]);
    assert!(readable.error().contains("can be read by others"), "{}", readable.error());
    fs::remove_file(&file).unwrap();
    let lost = program.run(&["serve", "--sandbox"]);
    assert!(lost.error().contains("is missing"), "no new keys for old data: {}", lost.error());
}

#[test]
fn production_needs_to_know_its_bank() {
    let program = Program::on_a_file();
    drop(program.serve());
    let refused = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.error().contains("providers.url"), "{}", refused.error());
}

#[test]
fn configuration_is_listed_with_its_sources_and_unknown_keys_refuse() {
    let program = Program::on_a_file();
    let file = program.folder().join("jiaozi.toml");
    fs::write(&file, "[withdraw]\nfee_bp = 12\n").unwrap();
    let config = file.to_str().unwrap();
    let listed = program.run(&["config", "check", "--config", config]).text();
    let line = listed.lines().find(|line| line.starts_with("withdraw.fee_bp ")).unwrap();
    assert!(line.contains("= 12") && line.contains("jiaozi.toml"), "{line}");
    let line = listed.lines().find(|line| line.starts_with("otp.ttl_s ")).unwrap();
    assert!(line.contains("= 300") && line.contains("default"), "{line}");
    for weaker in ["sync", "durab", "journal"] {
        assert!(!listed.contains(weaker), "durability is no matter of configuration: {weaker}");
    }
    fs::write(&file, "[withdraw]\nfee_pb = 12\n").unwrap();
    let refused = program.run(&["serve", "--config", config]);
    assert!(refused.error().contains("did you mean `withdraw.fee_bp`?"), "{}", refused.error());
}
