//! How far a request may go, decided on addresses and never on names: a name says nothing of where
//! it leads.

use std::net::IpAddr;

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This machine alone: 127.0.0.0/8 and `::1` (RFC 6890).
    Loopback,
    /// Any address; the user asked for it.
    Anywhere,
}

impl Reach {
    /// Whether an address may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            // `::ffff:127.0.0.1` is 127.0.0.1 written as IPv6.
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Anywhere => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
        for (address, is_local) in [
            ("127.0.0.1", true),
            ("127.0.0.0", true),
            ("127.255.255.254", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            // "This host" is an address of every interface.
            ("0.0.0.0", false),
            ("::", false),
            ("::ffff:0.0.0.0", false),
            ("126.255.255.255", false),
            ("128.0.0.1", false),
            // Private, shared, link-local (and with it the metadata service of clouds).
            ("10.0.0.1", false),
            ("172.16.0.1", false),
            ("192.168.0.1", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            // Loopback dressed up in other transitions is not loopback to a router.
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("::ffff:10.0.0.1", false),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
            ("ff02::1", false),
            ("8.8.8.8", false),
            ("2001:db8::1", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(Reach::Loopback.allows(address), is_local, "{address}");
            assert!(Reach::Anywhere.allows(address));
        }
    }
}
