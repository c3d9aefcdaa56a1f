//! Workspace variables.

use switchboard_contract::secrets::VariableInput;
use switchboard_domain::limits::MAX_VARIABLE_BYTES;
use switchboard_domain::name::VariableName;
use switchboard_store::change::Entity;
use switchboard_store::variable::{self, VariableRow};

use crate::Manage;
use crate::change::ConfigChange;
use switchboard_operation::{AppError, Configuration, Listing, Manager, Page, Reader};

/// A page of variables, by name.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    listing: &Listing<VariableName>,
) -> Result<Page<VariableRow>, AppError> {
    let mut conn = manage.db.read().await?;
    Ok(variable::list(&mut conn.engine(), reader.workspace(), listing).await?)
}

/// Sets a variable's values, making it where it is new.
pub async fn put(
    manage: &Manage,
    manager: &Manager,
    name: &VariableName,
    input: VariableInput,
) -> Result<(VariableRow, bool), AppError> {
    let workspace = manager.workspace();
    for (environment, value) in input.values.iter() {
        if value.to_string().len() > MAX_VARIABLE_BYTES {
            return Err(AppError::invalid(
                format!("/values/{environment}"),
                format!("a value has at most {MAX_VARIABLE_BYTES} bytes"),
            ));
        }
    }
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let created = variable::get(engine, workspace, name).await?.is_none();
    let row = variable::upsert(engine, workspace, name, &input.values, now).await?;
    let operation = if created {
        "variable.create"
    } else {
        "variable.update"
    };
    change
        .note(Entity::Variable, name.as_str(), operation)
        .await?;
    change.commit().await?;
    Ok((row, created))
}

/// Deletes a variable. Templates that use it fail from then on.
pub async fn delete(
    manage: &Manage,
    manager: &Manager,
    name: &VariableName,
) -> Result<(), AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    if !variable::delete(&mut change.engine(), workspace, name).await? {
        return Err(AppError::NotFound("variable"));
    }
    change
        .note(Entity::Variable, name.as_str(), "variable.delete")
        .await?;
    change.commit().await
}
