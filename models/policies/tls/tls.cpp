#include "models/policies/tls/tls.hpp"

#include "models/policies/transport/transport.hpp"

namespace tailrace::models {

FieldTable tls_fields() {
  using S = TlsSpec;
  return Fields<S>("tls", "How connections are secured, and what a handshake costs.")
      .choice("version", &S::version, {"1.3", "1.2"},
              "round trips of a full handshake after TCP's one: 1.3 one, 1.2 two; of a resumed one: one")
      .add("mutual", &S::mutual, "the client shows a certificate too: it signs, the server checks")
      .add("resumption", &S::resumption, "share of the new connections that resume a former session",
           between(0, 1))
      .add("early_data", &S::early_data, "a resumed connection of 1.3 sends its first request at once")
      .choice("certificate", &S::certificate, {"rsa_2048", "ecdsa_p256"},
              "what is signed with; work by openssl speed (OpenSSL 3.0.19, one core of a cloud machine): RSA "
              "sign 353us, verify 20us; ECDSA 26us and 79us; X25519 35us, twice at each end")
      .add("client_cpu", &S::client_cpu,
           "work of a full handshake at the caller; default: by the certificate")
      .add("server_cpu", &S::server_cpu,
           "work of a full handshake at the target; default: by the certificate")
      .add("resumed_cpu", &S::resumed_cpu, "work of a resumed one at either end; default 70us")
      .shorthand("version")
      .table();
}

PolicyInfo tls_policy() {
  PolicyInfo info;
  info.name = "tls";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "Handshakes of new connections: round trips, work at both ends, certificates that expire.";
  info.fields = tls_fields();
  info.example = "{version: 1.3, mutual: true}";
  info.make = make_spec<TlsSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const TlsSpec*>(value);
    if (spec.early_data && spec.version == TlsVersion::v1_2)
      target.diagnostics.error(target.mark, target.path + ".early_data", "TLS 1.2 has no early data",
                               "version: 1.3");
    if (spec.early_data && spec.resumption.value == 0)
      target.diagnostics.warning(target.mark, target.path + ".early_data",
                                 "only a resumed connection sends early data, and none resumes",
                                 "resumption: 80%");
    std::vector<AdmissionUse>& uses = target.edge->admissions;
    const TransportModel* plain = transport_of(uses);
    add_transport(uses,
                  std::make_shared<const TransportModel>(plain != nullptr ? plain->spec() : TransportSpec{},
                                                         &spec, value),
                  target.origin);
  };
  return info;
}

}  // namespace tailrace::models
