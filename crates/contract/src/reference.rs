//! `docs/errors.md`: the codes of problems, for people.

use std::fmt::Write as _;

use switchboard_domain::error_code::ErrorCode;

const TOP: &str = "# Errors

Whatever is not done is answered with `application/problem+json` (RFC 9457). Its `code` is stable; programs decide by it,
never by a text. `detail` says what happened and what to do, `errors` lists the wrong places of an input, each with a
JSON Pointer. The operations of the [OpenAPI document](openapi.json) list which codes they may answer, under `x-codes`.

A call that was made and failed is answered with 200 and `status: \"failed\"`; its `error.code` is one of those under 502
below, or one that the service itself gave. Codes are never reused for something else.

This page is generated: `make docs` makes it again.
";

/// The page.
pub fn errors() -> String {
    let mut page = TOP.to_owned();
    let mut last = 0;
    for code in ErrorCode::ALL {
        if code.status() != last {
            last = code.status();
            let _ = write!(
                page,
                "\n## {last}\n\n| code | what it means | what to do |\n|---|---|---|\n"
            );
        }
        let _ = writeln!(
            page,
            "| `{code}` | {} | {} |",
            code.meaning(),
            code.advice()
        );
    }
    page
}
