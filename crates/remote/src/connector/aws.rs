//! What is known of AWS access keys. Their calls are signed, which data cannot say, so they are code.

use super::{Can, Connector, Kind, Parameter, Shape, Tried};

pub(super) fn connector() -> Connector {
    let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let parameter = |name: &str, about: &str, default: &str| Parameter {
        name: name.to_owned(),
        about: about.to_owned(),
        default: Some(default.to_owned()),
    };
    Connector {
        id: "aws".to_owned(),
        provider: "aws".to_owned(),
        title: "AWS access key".to_owned(),
        shape: Shape::IssueDelete,
        console: "https://console.aws.amazon.com/iam/home#/users".to_owned(),
        make_by_hand: lines(&[
            "Choose the user, then the tab Security credentials.",
            "Under Access keys choose Create access key. If the button is greyed out, both slots are taken: delete the one that nobody uses.",
            "Copy both parts and paste them as KEYID:SECRET. The secret is shown this once.",
        ]),
        revoke_by_hand: lines(&[
            "Choose the user, then the tab Security credentials.",
            "At the old key choose Actions, Deactivate, and see that nothing breaks.",
            "Then Actions, Delete.",
        ]),
        parameters: vec![
            parameter(
                "region",
                "Region that is asked about identities; decides China and GovCloud",
                "us-east-1",
            ),
            parameter(
                "user",
                "Name of the IAM user, where a stronger credential acts for it; found by the key if not given",
                "",
            ),
        ],
        admin: None,
        can: Can { check: true, create: true, find: true, revoke: true, promote: false },
        tried: Tried::Simulated,
        notes: lines(&[
            "A user has two keys at most: with two there already, one has to go first.",
            "The key needs iam:CreateAccessKey, iam:ListAccessKeys, iam:UpdateAccessKey and iam:DeleteAccessKey for its own user; or give a stronger credential, which needs iam:GetAccessKeyLastUsed too.",
            "A new key may be refused as InvalidClientTokenId for up to a minute.",
            "SignatureDoesNotMatch is no proof of a dead key: the id lives, and the secret is not its own.",
            "Keys of the root user and temporary credentials (ASIA…) are not rotated here.",
        ]),
        sources: lines(&[
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
            "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
            "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html",
            "tried against moto with enforced signatures; real AWS refuses an inactive key, moto does not",
        ]),
        kind: Kind::Aws,
    }
}
