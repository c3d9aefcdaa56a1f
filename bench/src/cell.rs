//! One hop under one number of connections, measured several times.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was measured once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// Requests a second.
    pub per_second: f64,
    /// The median, in microseconds.
    pub p50_us: f64,
    /// The 99th percentile, in microseconds.
    pub p99_us: f64,
    /// The CPU time of the hop's process for each request, in microseconds.
    pub cpu_us: f64,
    /// Its memory, in MiB.
    pub memory_mib: f64,
    /// Requests that failed.
    pub errors: u64,
    /// What else the machine did meanwhile, in hundredths of one core.
    pub foreign: f64,
}

/// One hop under one number of connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// The hop.
    pub hop: String,
    /// Connections.
    pub connections: u32,
    /// One of each round.
    pub samples: Vec<Sample>,
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

impl Cell {
    /// The median of something that was measured.
    pub fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    /// How far something lies apart, the largest from the smallest, in hundredths of its median.
    pub fn spread(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        let all = self.samples.iter().map(&of);
        let (least, most) = all.fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let middle = self.median(of);
        if middle > 0.0 && most >= least {
            (most - least) / middle * 100.0
        } else {
            0.0
        }
    }

    /// The median of how many times another cell's something is, round by round: the machine's speed
    /// changes, for both alike.
    pub fn times(&self, other: &Self, of: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.samples.iter().zip(&other.samples);
        median(pairs.map(|(one, two)| of(one) / of(two)).collect())
    }

    /// Requests that failed, in all rounds.
    pub fn errors(&self) -> u64 {
        self.samples.iter().map(|sample| sample.errors).sum()
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hop, connections, ..
        } = self;
        write!(
            f,
            "| {hop} | {connections} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} % | {:.1} | {:.0} % | {} |",
            self.median(|sample| sample.per_second),
            self.median(|sample| sample.p50_us),
            self.median(|sample| sample.p99_us),
            self.median(|sample| sample.cpu_us),
            self.spread(|sample| sample.cpu_us),
            self.median(|sample| sample.memory_mib),
            self.median(|sample| sample.foreign),
            self.errors()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(cpu: &[f64]) -> Cell {
        let sample = |cpu_us: &f64| Sample {
            per_second: 1.0,
            p50_us: 1.0,
            p99_us: 1.0,
            cpu_us: *cpu_us,
            memory_mib: 1.0,
            errors: 1,
            foreign: 0.0,
        };
        Cell {
            hop: "x".to_owned(),
            connections: 1,
            samples: cpu.iter().map(sample).collect(),
        }
    }

    #[test]
    fn what_is_said_of_a_cell_is_its_median() {
        let ours = cell(&[30.0, 10.0, 20.0]);
        assert_eq!(format!("{:.1}", ours.median(|s| s.cpu_us)), "20.0");
        assert_eq!(format!("{:.1}", ours.spread(|s| s.cpu_us)), "100.0");
        let nginx = cell(&[10.0, 5.0, 5.0]);
        assert_eq!(format!("{:.1}", ours.times(&nginx, |s| s.cpu_us)), "3.0");
        assert_eq!(ours.errors(), 3);
        assert_eq!(
            format!("{:.1}", cell(&[2.0, 4.0]).median(|s| s.cpu_us)),
            "3.0"
        );
    }
}
