//! Whether the key file is this database's: a known text is sealed in the database at its first start,
//! and every start opens it.

use switchboard_store::Db;
use switchboard_store::installation::{self, KeyCheckRow};
use switchboard_vault::{Binding, KeyRing, Sealed, SecretText};
use uuid::Uuid;

use switchboard_operation::{AppError, Context};

/// What is sealed. Anybody may know it.
const KNOWN: &str = "this is the key file of this database";

const fn place() -> Binding<'static> {
    Binding {
        workspace: Uuid::nil(),
        row: "key_check",
        environment: "",
    }
}

/// Why these keys are not the database's; none where they are, or where the database is a new one. No
/// keys are right for a new one only.
pub async fn key_problem(db: &Db, keys: Option<&KeyRing>) -> Result<Option<String>, AppError> {
    let mut conn = db.read().await?;
    let engine = &mut conn.engine();
    let check = installation::key_check(engine).await?;
    let sealing = installation::sealing_keys(engine).await?;
    drop(conn);
    let Some(keys) = keys else {
        return Ok((check.is_some() || !sealing.is_empty()).then(|| {
            "it is missing, and the database was made with one: no secret can be read without it; \
             put it back from your backup, or copy it from another server of this database"
                .to_owned()
        }));
    };
    let foreign = |id: &str| {
        format!(
            "the database's secrets are sealed with the key `{id}`, which it does not hold: this is the \
             key file of another database; put the right one there, or name it with --master-key-file"
        )
    };
    if let Some(row) = check {
        let sealed = Sealed {
            key_id: row.key_id.clone(),
            bytes: row.sealed,
        };
        let opened = keys.open(place(), &sealed);
        let fits = opened.is_ok_and(|text| text.expose() == KNOWN);
        return Ok((!fits).then(|| foreign(&row.key_id)));
    }
    // A database that is older than this check.
    let fits = sealing.is_empty() || sealing.iter().any(|id| keys.holds(id));
    Ok((!fits).then(|| foreign(sealing.first().map_or("", String::as_str))))
}

/// Seals the known text where there is none, or with the key that seals now.
pub async fn keep_key_check(db: &Db, context: &Context, keys: &KeyRing) -> Result<(), AppError> {
    let mut conn = db.read().await?;
    let before = installation::key_check(&mut conn.engine()).await?;
    drop(conn);
    if before
        .as_ref()
        .is_some_and(|row| row.key_id == keys.sealing_id())
    {
        return Ok(());
    }
    let known = SecretText::new(KNOWN.to_owned());
    let sealed = keys.seal(place(), &known, &|buffer: &mut [u8]| context.fill(buffer))?;
    let row = KeyCheckRow {
        key_id: sealed.key_id,
        sealed: sealed.bytes,
    };
    let mut tx = db.write().await?;
    if before.is_some() {
        installation::set_key_check(&mut tx.engine(), &row, context.now()).await?;
    } else {
        installation::add_key_check(&mut tx.engine(), &row, context.now()).await?;
    }
    Ok(tx.commit().await?)
}
