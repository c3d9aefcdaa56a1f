//! Who may change whose role.

use super::Role;

/// Why a change of somebody's role is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Whoever asks has too small a role.
    #[error("your role may not do this; it needs the role `{0}`")]
    Needs(Role),
    /// Nobody would be left who can make owners.
    #[error("this is the workspace's last owner; make somebody else an owner first")]
    LastOwner,
}

/// Whether somebody of the role `by` may give a member whose role is `from` the role `to`; none
/// removes the member. `owners` is how many owners there are now.
pub fn may_change(by: Role, from: Role, to: Option<Role>, owners: u64) -> Result<(), Denied> {
    let concerns_owner = from == Role::Owner || to == Some(Role::Owner);
    let needed = if concerns_owner {
        Role::Owner
    } else {
        Role::Admin
    };
    if by < needed {
        return Err(Denied::Needs(needed));
    }
    if from == Role::Owner && to != Some(Role::Owner) && owners <= 1 {
        return Err(Denied::LastOwner);
    }
    Ok(())
}

/// Whether somebody of the role `by` may invite somebody as `to`.
pub fn may_invite(by: Role, to: Role) -> Result<(), Denied> {
    // Nobody is there yet, so it is as if a viewer were changed.
    may_change(by, Role::Viewer, Some(to), u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Role = Role::Viewer;
    const E: Role = Role::Editor;
    const A: Role = Role::Admin;
    const O: Role = Role::Owner;

    #[test]
    fn who_may_change_whom() {
        let admin = Err(Denied::Needs(A));
        let owner = Err(Denied::Needs(O));
        for (by, from, to, owners, expected) in [
            (V, V, Some(E), 1, admin),
            (E, V, Some(E), 1, admin),
            (E, E, None, 1, admin),
            (A, V, Some(E), 1, Ok(())),
            (A, A, Some(V), 1, Ok(())),
            (A, A, None, 1, Ok(())),
            (A, V, Some(O), 1, owner),
            (A, O, Some(V), 2, owner),
            (A, O, None, 2, owner),
            (E, O, None, 2, owner),
            (O, V, Some(O), 1, Ok(())),
            (O, O, Some(A), 2, Ok(())),
            (O, O, None, 2, Ok(())),
            (O, O, Some(O), 1, Ok(())),
            (O, O, Some(A), 1, Err(Denied::LastOwner)),
            (O, O, None, 1, Err(Denied::LastOwner)),
            // Who may not do it at all learns nothing of how many owners there are.
            (A, O, None, 1, owner),
        ] {
            assert_eq!(
                may_change(by, from, to, owners),
                expected,
                "{by}: {from} to {to:?}, {owners} owners"
            );
        }
    }

    #[test]
    fn who_may_invite_whom() {
        for by in Role::ALL {
            for to in Role::ALL {
                let expected = by >= A && (to < O || by == O);
                assert_eq!(may_invite(by, to).is_ok(), expected, "{by} invites {to}");
            }
        }
    }
}
