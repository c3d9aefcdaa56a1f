//! Which requests leave a line in the log.

use std::collections::HashMap;

/// How requests that went well are logged. Those that failed always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// All of them.
    All,
    /// One in so many.
    OneIn(u64),
    /// None of them.
    Failed,
    /// All of them, where the log's level is `debug`.
    Debug,
}

/// What line a request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// One of level `info`.
    Info,
    /// One of level `debug`.
    Debug,
    /// None.
    None,
}

/// How the requests of each route are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLog {
    routes: HashMap<String, Logged>,
    rest: Logged,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self {
            routes: HashMap::new(),
            rest: Logged::All,
        }
    }
}

/// One entry of the setting: how requests are logged, and of which route; none is every other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRule {
    route: Option<String>,
    logged: Logged,
}

impl LogRule {
    /// Reads `all`, `failed`, `debug` or `1/N`, with `ROUTE=` before it or not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (route, logged) = match text.split_once('=') {
            Some((route, logged)) => (Some(route.trim()), logged),
            None => (None, text),
        };
        if route.is_some_and(|route| !route.starts_with('/')) {
            return Err(format!(
                "`{text}` names no route; write one as in the log, such as /readyz=failed"
            ));
        }
        let logged = match logged.trim() {
            "all" => Logged::All,
            "failed" => Logged::Failed,
            "debug" => Logged::Debug,
            other => other
                .strip_prefix("1/")
                .and_then(|number| number.parse().ok())
                .filter(|number| *number > 0)
                .map(Logged::OneIn)
                .ok_or_else(|| {
                    format!("`{text}` is not `all`, `failed`, `debug` or `1/N`, with `ROUTE=` before it or not")
                })?,
        };
        Ok(Self {
            route: route.map(ToOwned::to_owned),
            logged,
        })
    }
}

impl FromIterator<LogRule> for RequestLog {
    /// The last entry for a route counts.
    fn from_iter<I: IntoIterator<Item = LogRule>>(rules: I) -> Self {
        let mut log = Self::default();
        for LogRule { route, logged } in rules {
            match route {
                Some(route) => {
                    log.routes.insert(route, logged);
                }
                None => log.rest = logged,
            }
        }
        log
    }
}

impl RequestLog {
    /// What line a request leaves: the one of this number, of a route, with a status.
    pub fn line(&self, route: &str, status: u16, number: u64) -> Line {
        if status >= 400 {
            return Line::Info;
        }
        match self.routes.get(route).copied().unwrap_or(self.rest) {
            Logged::All => Line::Info,
            Logged::OneIn(many) if number.is_multiple_of(many) => Line::Info,
            Logged::OneIn(_) | Logged::Failed => Line::None,
            Logged::Debug => Line::Debug,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_logged_as_it_is_told() {
        let texts = [
            "1/10",
            "/readyz=failed",
            "/metrics = debug",
            "/a=all",
            "/a=1/2",
        ];
        let rules = texts.iter().map(|text| LogRule::parse(text).unwrap());
        let log: RequestLog = rules.collect();
        for (route, status, number, line) in [
            ("/other", 200, 20, Line::Info),
            ("/other", 200, 21, Line::None),
            ("/other", 404, 21, Line::Info),
            ("/readyz", 200, 20, Line::None),
            ("/readyz", 503, 20, Line::Info),
            ("/metrics", 200, 1, Line::Debug),
            ("/a", 302, 2, Line::Info),
            ("/a", 302, 3, Line::None),
        ] {
            assert_eq!(
                log.line(route, status, number),
                line,
                "{route} {status} {number}"
            );
        }
        assert_eq!(RequestLog::default().line("/a", 200, 1), Line::Info);
    }

    #[test]
    fn what_is_no_rule_is_said() {
        for wrong in ["", "some", "1/0", "1/", "2/3", "readyz=all", "/a="] {
            assert!(LogRule::parse(wrong).is_err(), "{wrong}");
        }
    }
}
