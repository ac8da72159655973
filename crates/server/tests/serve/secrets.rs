//! What a database dump, a copy of the running database's files, and the logs tell: no secret of
//! the people and merchants of a finished story. The sandbox bank's folder is left out: a bank is
//! somebody else and knows its customers.

use crate::canaries::{Story, careless_line};
use crate::haystack::{Canary, Haystack, Stored};
use crate::program::Program;
use aws_lc_rs::digest;
use jiaozi_server::demo::Told;
use std::path::Path;

/// The files of the database, with what was not moved into it yet.
fn copy_files(into: &mut Haystack, data: &Path, when: &str) {
    for file in ["jiaozi.db", "jiaozi.db-wal"] {
        if let Ok(bytes) = std::fs::read(data.join(file)) {
            into.files.push((format!("{file} {when}"), bytes));
        }
    }
}

pub(crate) async fn dump_files_and_logs_of_a_finished_story_hold_no_secret(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let story = Story::play(&program, &running).await?;
    let mut haystack = Haystack::default();
    match &program.server {
        Some(server) => haystack.add_server(server.url()).await,
        None => {
            copy_files(&mut haystack, program.data(), "while running");
            let mut files = haystack.files.iter();
            let has_wal = files.any(|(name, bytes)| name.contains("wal") && !bytes.is_empty());
            assert!(has_wal, "the copy was taken too late");
            haystack.add_file(&program.data().join("jiaozi.db")).await;
        }
    }
    assert!(running.end().success());
    copy_files(&mut haystack, program.data(), "afterwards");
    let log = std::fs::read(program.log()).unwrap();
    assert!(log.windows(5).any(|part| part == b"ready"), "the log is empty");
    haystack.files.push(("log".into(), log));

    let known = [Canary { name: "an order".into(), text: story.order.clone() }];
    assert!(!haystack.find(&known).is_empty(), "what is no secret is found");
    assert_eq!(haystack.find(&story.canaries), [""; 0]);
    assert_eq!(haystack.find_numbers(), [""; 0]);
    assert_eq!(haystack.find_hashes(&story.canaries), [""; 0]);
    leaks_would_be_found(haystack, &story);
    Ok(())
}

/// The control: each way of leaking, planted.
fn leaks_would_be_found(mut haystack: Haystack, story: &Story) {
    for canary in &story.canaries {
        let text = canary.text.as_bytes();
        let mut leaks = vec![careless_line(canary), text.to_vec()];
        if text.len() > 4 {
            leaks.extend([[b"PAID", text, b"x"].concat(), hex::encode(text).into_bytes()]);
        }
        for leak in leaks {
            let files = vec![("planted".to_owned(), leak)];
            let planted = Haystack { files, values: Vec::new() };
            assert!(!planted.find(&story.canaries).is_empty(), "{}", canary.name);
        }
    }
    let named = |part: &str| story.canaries.iter().find(|one| one.name.contains(part)).unwrap();
    let password = named("payment password").text.as_bytes();
    let salt = haystack.values.iter().find(|one| one.bytes.len() == 16).unwrap().bytes.clone();
    let hash = digest::digest(&digest::SHA256, &[salt.as_slice(), password].concat());
    let plant =
        |text: &[u8], is_text| Stored { place: "planted".into(), is_text, bytes: text.to_vec() };
    haystack.values.push(plant(hash.as_ref(), false));
    haystack.values.push(plant(format!("card {}", named("debit card").text).as_bytes(), true));
    haystack.values.push(plant(named("resident ID").text.as_bytes(), true));
    assert_eq!(haystack.find_hashes(&story.canaries).len(), 1);
    assert_eq!(haystack.find_numbers().len(), 2);
}
