#pragma once
// Admission seam, at a service's door: the certificate of its instances, which ends and is rotated in time or
// not. Some time before its end (`rotate_before`) a new one is asked for, and again every `retry_every` until
// that succeeds; what is got is in use after `propagation`. While the old one is over and the new one is not
// there, new connections over TLS fail (outcome network); open ones go on.
//
// With p the chance that an asking fails, r from one to the next, d the propagation, L = rotate_before and V
// the validity, the k-th repetition has a new one in use k r + d after the first asking. So the share of time
// expired is E[max(0, K r + d - L)] / E[V - L + K r], K geometric with P(K >= k) = p^k (for an instance; a
// renewal process from issue to issue).
//
// A quiet policy: it lets everybody in, and is asked by who sets up a connection (Peer). It moves by its own
// clock when it is looked at, with draws from a stream of its own, so nobody's looking changes what happens.
// A reader whose clock is wrong (clock_skew) takes a good one for expired, or for not valid yet. Left out:
// chains and roots that end, revocation, a holder that asks too late because its own clock is behind.
#include <optional>

#include "models/policies/transport/peer.hpp"
#include "models/policy/policy.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {

// Defaults are Istio's: a workload's certificate lives for 24 h and is rotated at half of its life
// (SECRET_TTL, SECRET_GRACE_PERIOD_RATIO 0.5 of pilot-agent).
struct CertificateSpec {
  sim::Duration validity{86'400'000'000'000};
  std::optional<sim::Duration> rotate_before;  // default: half of the validity
  sim::Duration retry_every{60'000'000'000};
  Fraction failure{0};
  TimeDistribution propagation{sim::Distribution::constant(0)};
  bool shared = false;
  bool spread = true;
};

class CertificateModel final : public AdmissionModel {
 public:
  explicit CertificateModel(const CertificateSpec& spec)
      : spec_(spec),
        lead_(spec.rotate_before.value_or(sim::Duration{spec.validity.ns / 2})),
        propagation_(spec_.propagation.value) {}
  CertificateModel(const CertificateModel&) = delete;
  CertificateModel& operator=(const CertificateModel&) = delete;
  std::unique_ptr<AdmissionPolicy> start() const override;
  std::vector<std::string> statuses() const override { return {"valid", "expired"}; }
  std::string gauge_name() const override { return "refused_handshakes"; }
  const CertificateSpec& spec() const { return spec_; }
  sim::Duration lead() const { return lead_; }
  const sim::Sampler& propagation() const { return propagation_; }

 private:
  CertificateSpec spec_;
  sim::Duration lead_;
  sim::Sampler propagation_;  // points into spec_
};

class CertificateState final : public AdmissionPolicy, public PeerCertificate {
 public:
  explicit CertificateState(const CertificateModel& model) : m_(model) { quiet_ = true; }
  // The start of the run: the first certificate is as old as `spread` says.
  void start(sim::Stream random);

  Admission admit(const CallFacts&, sim::Stream&) override { return Admission::yes(); }
  void settle(sim::Instant now) override;
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }
  double gauge() const override { return static_cast<double>(refused_); }

  bool expired(sim::Instant now, std::int64_t ahead) override;
  void refused() override { ++refused_; }
  void ca_outage(bool begins, sim::Instant now) override;
  std::uint64_t askings() const { return askings_; }

 private:
  enum Status : std::uint8_t { kValid, kExpired };
  void ask(std::int64_t at);

  const CertificateModel& m_;
  sim::Stream random_;
  std::int64_t issued_ = 0, expires_ = INT64_MAX;  // of what is in use
  std::int64_t next_ask_ = INT64_MAX;              // INT64_MAX: while a new one is on its way
  std::int64_t in_use_at_ = INT64_MAX, coming_issued_ = 0;
  std::uint32_t outages_ = 0;  // of the CA, now
  std::uint64_t askings_ = 0, refused_ = 0;
  StatusLog log_;
};

FieldTable certificate_fields();
// What does not go together; for the mesh too.
void check_certificate(const CertificateSpec& spec, PolicyTarget& target);
void add_certificate(Station& station, const CertificateSpec& spec, const void* origin);
PolicyInfo certificate_policy();

}  // namespace tailrace::models
