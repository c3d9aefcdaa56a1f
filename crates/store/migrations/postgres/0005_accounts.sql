-- People and their sessions belong to the installation, not to a workspace: one person signs in once
-- and may be a member of several. So these tables have no workspace in their keys. They are small; a
-- database that is spread by workspace keeps a copy of them everywhere.
CREATE TABLE account (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (email);

-- The one-use link that makes the first owner. There is one row, with the id 1.
CREATE TABLE setup_token (
    id BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE TABLE membership (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    user_id UUID NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX membership_user ON membership (user_id);

-- A session is in one workspace at a time. It goes with the membership there, whoever ends that.
CREATE TABLE user_session (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    workspace_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (workspace_id, user_id) REFERENCES membership (workspace_id, user_id) ON DELETE CASCADE
);
CREATE INDEX user_session_member ON user_session (workspace_id, user_id);
CREATE INDEX user_session_user ON user_session (user_id);
CREATE INDEX user_session_expiry ON user_session (expires_at);

CREATE TABLE invitation (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    hash BYTEA NOT NULL,
    invited_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX invitation_hash ON invitation (hash);
