//! Encryption. Who answers is checked against what the system trusts; on this machine it is not, for
//! nobody stands between, and the certificates of development servers are their own makers'.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::RemoteError;
use crate::route::{Deadlined, fault};

/// Agrees on encryption over a connection. With `is_local` any certificate is taken.
pub(crate) fn agree(
    mut stream: Deadlined,
    host: &str,
    is_local: bool,
) -> Result<StreamOwned<ClientConnection, Deadlined>, RemoteError> {
    let config = config(is_local).map_err(|error| RemoteError::Tls(error.to_string()))?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| RemoteError::Tls("no certificate can name this host".to_owned()))?;
    let mut session = ClientConnection::new(Arc::new(config), name)
        .map_err(|error| RemoteError::Tls(error.to_string()))?;
    while session.is_handshaking() {
        if let Err(error) = session.complete_io(&mut stream) {
            return Err(refused(&error, &stream));
        }
    }
    Ok(StreamOwned::new(session, stream))
}

fn config(is_local: bool) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let mut config = match is_local {
        true => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
        false => builder.with_platform_verifier()?.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn refused(error: &io::Error, stream: &Deadlined) -> RemoteError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match (inner, error.kind()) {
        (Some(Error::InvalidMessage(_)), _) => {
            RemoteError::Tls("what answers does not speak TLS; is it `http://`?".to_owned())
        }
        (Some(Error::InvalidCertificate(why)), _) => {
            RemoteError::Tls(format!("its certificate is not trusted ({why})"))
        }
        (Some(error), _) => RemoteError::Tls(error.to_string()),
        (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            RemoteError::Tls("the other side ended it; is it `http://`?".to_owned())
        }
        (None, _) => fault(error, stream.limit),
    }
}

/// Takes any certificate, and still asks its owner to prove that it has the key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
