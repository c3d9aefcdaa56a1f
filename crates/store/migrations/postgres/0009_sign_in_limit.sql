-- How much of each allowance of attempts to sign in is used up, over all servers: when all of them are
-- back, in milliseconds since 1970. A bucket says what is counted, such as an account from a network.
CREATE TABLE sign_in_limit (
    bucket TEXT NOT NULL PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX sign_in_limit_full ON sign_in_limit (full_at);
