//! What may come in from outside, and what goes on inside.

use std::{net::IpAddr, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The client's address, as services read it.
pub const CLIENT_ADDRESS: &str = "x-hocba-client-address";

/// What the client calls itself, as identity reads it: so that people recognise their devices.
pub const CLIENT_AGENT: &str = "x-hocba-client-agent";

/// The longest of it that goes on.
const LONGEST_AGENT: usize = 200;

/// The only headers of a client that go further. Everything else, known or not, stays outside: so no
/// header that is trusted inside can be brought along.
const CARRIED: [&str; 7] = [
    "authorization",
    "content-type",
    "te",
    "grpc-encoding",
    "grpc-accept-encoding",
    "traceparent",
    "tracestate",
];

/// The largest value of a carried header.
const LARGEST: usize = 8 * 1024;

/// Leaves only what may be carried, and adds what we know ourselves.
pub fn enter(headers: &mut HeaderMap, client: IpAddr, deadline: Option<Duration>) {
    let mut kept = HeaderMap::with_capacity(CARRIED.len() + 3);
    for name in CARRIED {
        if let Some(value) = headers.get(name).filter(|value| value.len() <= LARGEST) {
            kept.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if let Ok(address) = HeaderValue::from_str(&client.to_canonical().to_string()) {
        kept.insert(HeaderName::from_static(CLIENT_ADDRESS), address);
    }
    if let Some(agent) = headers.get(header::USER_AGENT).and_then(agent) {
        kept.insert(HeaderName::from_static(CLIENT_AGENT), agent);
    }
    if let Some(deadline) = deadline
        && let Ok(text) = HeaderValue::from_str(&format!("{}m", deadline.as_millis()))
    {
        kept.insert(HeaderName::from_static("grpc-timeout"), text);
    }
    *headers = kept;
}

/// A user-agent that is safe to keep and show: printable ASCII, cut; anything else becomes `?`.
fn agent(value: &HeaderValue) -> Option<HeaderValue> {
    let text: String = value
        .as_bytes()
        .iter()
        .take(LONGEST_AGENT)
        .map(|byte| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '?',
        })
        .collect();
    HeaderValue::from_str(text.trim())
        .ok()
        .filter(|agent| !agent.is_empty())
}

/// The time a client gives (`grpc-timeout`), if it says so in the protocol's form.
#[must_use]
pub fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    // The protocol allows eight digits; more would overflow below.
    let count: u64 = if digits.len() <= 8 {
        digits.parse().ok()?
    } else {
        return None;
    };
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// Whether a request speaks gRPC.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value == "application/grpc" || value.starts_with("application/grpc+proto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_headers_of_outsiders_stay_outside() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-hocba-client-address", "10.0.0.1"),
            ("x-hocba-client-agent", "forged"),
            ("x-hocba-request-id", "1"),
            ("x-hocba-anything", "1"),
            ("forwarded", "for=10.0.0.1"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-real-ip", "10.0.0.1"),
            ("baggage", "a=b"),
            ("cookie", "a=b"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.insert("authorization", HeaderValue::from_static("Bearer x"));
        enter(
            &mut headers,
            "::ffff:192.0.2.7".parse().unwrap(),
            Some(Duration::from_secs(2)),
        );
        let all: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            all,
            [
                ("authorization", "Bearer x"),
                ("x-hocba-client-address", "192.0.2.7"),
                ("grpc-timeout", "2000m")
            ]
        );
    }

    #[test]
    fn a_user_agent_goes_on_cut_and_clean_under_our_own_name() {
        let mut bytes = b"M\xc3\xa1y \ttr\xc6\xb0\xe1\xbb\x9dng ".to_vec();
        bytes.extend([b'x'; 300]);
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_bytes(&bytes).unwrap());
        enter(&mut headers, "192.0.2.7".parse().unwrap(), None);
        assert_eq!(headers.get("user-agent"), None);
        let agent = headers.get(CLIENT_AGENT).unwrap().to_str().unwrap();
        assert!(agent.starts_with("M??y ?tr?????ng xxx"), "{agent}");
        assert_eq!(agent.len(), LONGEST_AGENT);
    }

    #[test]
    fn timeouts_are_read_in_the_protocols_form_only() {
        let read = |text: &'static str| {
            timeout(&HeaderMap::from_iter([(
                HeaderName::from_static("grpc-timeout"),
                HeaderValue::from_static(text),
            )]))
        };
        assert_eq!(read("100m"), Some(Duration::from_millis(100)));
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("1H"), Some(Duration::from_secs(3600)));
        for bad in ["", "S", "1", "1X", "-1S", "999999999S"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
