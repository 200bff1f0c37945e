//! `hocba-identity bootstrap`: makes the first operator, once. Whoever may run it holds the database's
//! login and the master key already; every later account is created by somebody signed in.

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Parser;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hocba_chassis::{
    caller::Role,
    clock::{self, Clock},
    database,
};
use serde_json::json;
use sqlx::PgPool;

use super::event;
use crate::{
    config::HashingConfig,
    error::Result,
    hashing::Hashing,
    model::{
        account::NewAccount, day, email::Email, home::Home, password::Password, role_binding::RoleBinding,
        totp,
    },
    store,
    vault::Vault,
};

/// Settings of `bootstrap`.
#[derive(Debug, Parser)]
#[command(name = "hocba-identity bootstrap")]
pub struct Bootstrap {
    /// The operator's e-mail.
    #[arg(long)]
    email: String,
    /// Where password and second factor are written, readable by the owner alone; must not exist.
    #[arg(long)]
    out: PathBuf,
    /// A file with the database URL of the service's own login.
    #[arg(long, env = "HOCBA_DATABASE_URL_FILE")]
    database_url_file: PathBuf,
    /// The master key of the service.
    #[arg(long, env = "HOCBA_MASTER_KEY_FILE")]
    master_key_file: PathBuf,
    /// What hashing a password costs.
    #[command(flatten)]
    hashing: HashingConfig,
}

/// What is written.
pub struct Operator {
    /// The account.
    pub account: uuid::Uuid,
    /// The e-mail.
    pub email: String,
    /// The password.
    pub password: String,
    /// The second factor's secret in base32.
    pub totp_secret: String,
}

/// The subcommand. Exit status: 0, 64 for bad arguments, 1 otherwise.
pub fn main() -> ExitCode {
    let arguments = std::env::args_os()
        .enumerate()
        .filter(|(place, _)| *place != 1)
        .map(|(_, a)| a);
    let config = match Bootstrap::try_parse_from(arguments) {
        Ok(config) => config,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::from(64)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let done = tokio::runtime::Runtime::new()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(run(&config)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-identity bootstrap: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: &Bootstrap) -> anyhow::Result<()> {
    let email = Email::parse(&config.email).map_err(|what| anyhow::anyhow!("the e-mail {what}"))?;
    let vault = Vault::read(&config.master_key_file)?;
    let hashing = Hashing::new(&config.hashing)?;
    let pool = database::connect(&config.database_url_file, 1, "identity-bootstrap").await?;
    // The file first: an operator whose password nobody could write down would be the only one for ever.
    let mut file = create(&config.out)?;
    let made = make(&pool, &vault, &hashing, email).await;
    let written = made.and_then(|operator| {
        let text = json!({
            "account": event::account_name(operator.account),
            "email": operator.email,
            "password": operator.password,
            "totp_secret": operator.totp_secret,
        });
        file.write_all(format!("{text:#}\n").as_bytes())
            .context("cannot write the file")
    });
    if written.is_err() {
        drop(std::fs::remove_file(&config.out));
    }
    written
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// Makes the first operator, active from the start; refused when there is one.
pub async fn make(pool: &PgPool, vault: &Vault, hashing: &Hashing, email: Email) -> anyhow::Result<Operator> {
    let password = BASE64URL_NOPAD.encode(&vault.random::<18>()?);
    let secret: [u8; totp::SECRET_LENGTH] = vault.random()?;
    let hash = hashing.hash(Password::given(&password), vault.random()?).await?;
    let (home, id, now) = (Home::Deployment, clock::new_id(), Clock::system().now());
    let address = email.as_str().to_owned();
    let mut tx = database::begin(pool, home.key()).await?;
    if store::role_binding::anybody_is(&mut tx, &home, Role::Operator).await? {
        bail!("there is an operator already; further ones are created by one who is signed in");
    }
    let new = NewAccount {
        home: home.clone(),
        authority: None,
        email,
        display_name: "Vận hành".to_owned(),
        title: "Vận hành".to_owned(),
        staff_code: String::new(),
    };
    if !store::account::insert(&mut tx, id, &new, None, now).await? {
        bail!("the e-mail has an account already");
    }
    store::account::set_secrets(&mut tx, &home, id, &hash, &vault.seal_totp(id, &secret)?).await?;
    store::account::activate(&mut tx, &home, id, now).await?;
    store::role_binding::insert(&mut tx, &home, &operator(id, now)).await?;
    told(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(Operator {
        account: id,
        email: address,
        password,
        totp_secret: BASE32_NOPAD.encode(&secret),
    })
}

fn operator(account: uuid::Uuid, now: time::OffsetDateTime) -> RoleBinding {
    RoleBinding {
        id: clock::new_id(),
        account,
        role: Role::Operator,
        start: day::of(now),
        end: None,
        decision: None,
        duty: String::new(),
        granted_by: None,
        granted_at: now,
        revoked_at: None,
        working_group: None,
    }
}

async fn told(db: &mut sqlx::PgConnection, id: uuid::Uuid, now: time::OffsetDateTime) -> Result<()> {
    let facts = json!({ "roles": [Role::Operator.as_str()], "bootstrap": true });
    event::put_at(
        db,
        &Home::Deployment,
        None,
        event::account_name(id),
        "account.created",
        facts,
        now,
    )
    .await
}
