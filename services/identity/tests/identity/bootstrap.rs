//! The subcommand `bootstrap`.

use std::{os::unix::fs::PermissionsExt as _, process::Command};

use hocba_identity::DEFINITION;
use hocba_testing::TestDatabase;

#[tokio::test]
async fn bootstrap_makes_one_operator_and_hides_the_file() {
    let database = TestDatabase::of(&DEFINITION).await.unwrap();
    let folder = hocba_testing::Pki::make().unwrap();
    let folder = folder.folder();
    let master = folder.join("master.key");
    std::fs::write(&master, "ab".repeat(32)).unwrap();
    let url = database.url_file(folder).unwrap();
    let run = |email: &str, out: &str| {
        Command::new(env!("CARGO_BIN_EXE_hocba-identity"))
            .args(["bootstrap", "--email", email, "--out"])
            .arg(folder.join(out))
            .env("HOCBA_DATABASE_URL_FILE", &url)
            .env("HOCBA_MASTER_KEY_FILE", &master)
            .env("HOCBA_ARGON2_MEMORY_KIB", "8")
            .output()
            .unwrap()
    };
    let first = run("van.hanh@so.vn", "operator.json");
    assert!(first.status.success(), "{first:?}");
    let file = folder.join("operator.json");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for field in ["account", "email", "password", "totp_secret"] {
        assert!(
            text[field].as_str().is_some_and(|value| !value.is_empty()),
            "{field}"
        );
    }
    let second = run("khac@so.vn", "second.json");
    assert_eq!(second.status.code(), Some(1));
    assert!(!folder.join("second.json").exists());
    assert_eq!(run("no address", "third.json").status.code(), Some(1));
}
