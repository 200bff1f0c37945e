//! A token bucket for each client address, so that one client cannot take the room of the others.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

/// How many clients are remembered before full buckets are forgotten.
const REMEMBERED: usize = 10_000;

/// What one client may do.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Calls a second in the long run.
    pub rate: f64,
    /// Calls at once.
    pub burst: f64,
}

/// The buckets.
#[derive(Debug)]
pub struct Buckets {
    allowance: Allowance,
    by_client: HashMap<IpAddr, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    /// Full buckets for everybody.
    #[must_use]
    pub fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            by_client: HashMap::new(),
        }
    }

    /// Takes a token of the client's bucket, or says how long until there is one.
    pub fn take(&mut self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let Allowance { rate, burst } = self.allowance;
        if self.by_client.len() >= REMEMBERED {
            self.by_client
                .retain(|_, bucket| bucket.filled(rate, burst, now) < burst);
        }
        let bucket = self.by_client.entry(owner(client)).or_insert(Bucket {
            tokens: burst,
            at: now,
        });
        bucket.tokens = bucket.filled(rate, burst, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate))
        }
    }
}

impl Bucket {
    fn filled(&self, rate: f64, burst: f64, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        elapsed.mul_add(rate, self.tokens).min(burst)
    }
}

/// One bucket per IPv6 network of 64 bits: a single host has a whole one.
fn owner(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets {
        Buckets::new(Allowance {
            rate: 10.0,
            burst: 3.0,
        })
    }

    #[test]
    fn a_burst_passes_then_the_client_waits_for_the_rate() {
        let (mut buckets, now) = (buckets(), Instant::now());
        let client = "192.0.2.1".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(buckets.take(client, now), Ok(()));
        }
        let wait = buckets.take(client, now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert_eq!(buckets.take(client, now + wait), Ok(()));
        assert!(buckets.take(client, now + wait).is_err());
    }

    #[test]
    fn clients_do_not_take_from_each_other() {
        let (mut buckets, now) = (buckets(), Instant::now());
        let greedy = "192.0.2.1".parse().unwrap();
        while buckets.take(greedy, now).is_ok() {}
        assert_eq!(buckets.take("192.0.2.2".parse().unwrap(), now), Ok(()));
    }

    #[test]
    fn a_network_of_a_host_is_one_client() {
        let (mut buckets, now) = (buckets(), Instant::now());
        for last in 1..=3 {
            assert_eq!(
                buckets.take(format!("2001:db8::{last}").parse().unwrap(), now),
                Ok(())
            );
        }
        assert!(buckets.take("2001:db8::4".parse().unwrap(), now).is_err());
        assert_eq!(buckets.take("2001:db8:0:1::1".parse().unwrap(), now), Ok(()));
        assert_eq!(buckets.take("::ffff:192.0.2.1".parse().unwrap(), now), Ok(()));
    }
}
