//! Networks of the premises (A11.3).

use std::net::IpAddr;

use ipnet::IpNet;
use time::OffsetDateTime;
use uuid::Uuid;

/// A network inside the school.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its id.
    pub id: Uuid,
    /// Its addresses.
    pub cidr: IpNet,
    /// What it is called.
    pub display_name: String,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// Reads a CIDR and cuts host bits; refuses what is wider than a provider: /8, or /32 for IPv6.
pub fn parse(text: &str) -> Result<IpNet, &'static str> {
    let net: IpNet = text
        .trim()
        .parse()
        .map_err(|_| "must be a CIDR such as 203.113.1.0/29")?;
    let widest = match net {
        IpNet::V4(_) => 8,
        IpNet::V6(_) => 32,
    };
    if net.prefix_len() < widest {
        return Err("must not be wider than /8 (IPv4) or /32 (IPv6)");
    }
    Ok(net.trunc())
}

/// Whether an address lies in one of the networks. An unknown address lies nowhere.
pub fn inside(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    let Some(address) = address.map(|a| a.to_canonical()) else {
        return false;
    };
    networks.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{inside, parse};

    #[rstest]
    #[case("10.1.2.3", true)]
    #[case("::ffff:10.1.2.3", true)]
    #[case("10.2.0.1", false)]
    fn judges_addresses(#[case] address: &str, #[case] within: bool) {
        let nets = [parse("10.1.9.9/16").unwrap(), parse("2001:db8::/32").unwrap()];
        assert_eq!(inside(&nets, Some(address.parse().unwrap())), within);
        assert!(!inside(&nets, None));
    }

    #[test]
    fn refuses_the_whole_world() {
        assert!(parse("0.0.0.0/0").is_err());
        assert!(parse("::/0").is_err());
        assert!(parse("10.0.0.0").is_err());
    }
}
