#include "models/policies/certificate/certificate.hpp"

#include <algorithm>

namespace tailrace::models {

std::unique_ptr<AdmissionPolicy> CertificateModel::start() const {
  return std::make_unique<CertificateState>(*this);
}

void CertificateState::start(sim::Stream random) {
  random_ = random;
  const std::int64_t until_asked = m_.spec().validity.ns - m_.lead().ns;
  next_ask_ = until_asked;
  if (m_.spec().spread)
    next_ask_ = static_cast<std::int64_t>(random_.uniform() * static_cast<double>(until_asked));
  expires_ = sim::saturating_add(next_ask_, m_.lead().ns);
  issued_ = expires_ - m_.spec().validity.ns;
}

void CertificateState::ask(std::int64_t at) {
  ++askings_;
  const bool failed = random_.uniform() < m_.spec().failure.value;
  if (failed || outages_ > 0) {
    next_ask_ = sim::saturating_add(at, m_.spec().retry_every.ns);
    return;
  }
  next_ask_ = INT64_MAX;
  coming_issued_ = at;
  in_use_at_ = sim::saturating_add(at, sim::Duration::from_ns(m_.propagation().sample(random_)).ns);
}

// What was due, in the order of time; at one instant a new certificate comes before the end of the old.
void CertificateState::settle(sim::Instant now) {
  for (;;) {
    const std::int64_t ends = log_.status() == kValid ? expires_ : INT64_MAX;
    const std::int64_t at = std::min({in_use_at_, next_ask_, ends});
    if (at > now.ns || at == INT64_MAX) return;
    if (at == in_use_at_) {
      const std::int64_t validity = m_.spec().validity.ns;
      const std::int64_t ends_then = sim::saturating_add(coming_issued_, validity);
      next_ask_ = std::max(sim::saturating_add(coming_issued_, validity - m_.lead().ns), at);
      in_use_at_ = INT64_MAX;
      if (ends_then <= at) continue;  // it was over before it came
      issued_ = coming_issued_;
      expires_ = ends_then;
      log_.set(kValid, {at});
    } else if (at == next_ask_) {
      ask(at);
    } else {
      log_.set(kExpired, {at});
    }
  }
}

bool CertificateState::expired(sim::Instant now, std::int64_t ahead) {
  settle(now);
  if (log_.status() == kExpired) return true;
  if (ahead == 0) return false;
  const std::int64_t read = now.ns + ahead;
  return read >= expires_ || read < issued_;
}

// Who asks at the very moment of its beginning is refused; at its end, served.
void CertificateState::ca_outage(bool begins, sim::Instant now) {
  settle({now.ns - 1});
  outages_ += begins ? 1u : ~0u;
}

FieldTable certificate_fields() {
  using S = CertificateSpec;
  return Fields<S>("certificate", "Certificates of the instances, and how they are replaced in time or not.")
      .add("validity", &S::validity, "from issue to end; Istio's default is 24h", more_than(0))
      .add("rotate_before", &S::rotate_before,
           "how long before its end a new one is asked for; default: half of the validity, as Istio does",
           more_than(0))
      .add("retry_every", &S::retry_every, "from an asking that failed to the next", more_than(0))
      .add("failure", &S::failure, "chance that an asking fails; those in a ca_outage fail too",
           between(0, 1))
      .add("propagation", &S::propagation, "from the issue of a new one until it is in use")
      .add("shared", &S::shared, "all instances have one certificate, which ends for all at once")
      .add("spread", &S::spread,
           "at the start of the run certificates have different ages; otherwise all are new: they end, and "
           "are rotated, together")
      .shorthand("validity")
      .table();
}

void check_certificate(const CertificateSpec& spec, PolicyTarget& target) {
  constexpr std::int64_t kLeast = 1'000'000;  // ns; each asking is time that the simulator takes
  if (spec.retry_every.ns < kLeast)
    target.diagnostics.error(target.mark, target.path + ".retry_every", "expected 1ms or more",
                             "retry_every: 1min");
  if (spec.validity.ns < 10 * kLeast)
    target.diagnostics.error(target.mark, target.path + ".validity", "expected 10ms or more",
                             "validity: 24h");
  if (spec.rotate_before && spec.validity.ns - spec.rotate_before->ns < kLeast)
    target.diagnostics.error(target.mark, target.path + ".rotate_before",
                             "as long as the certificate lives: it would be rotated without end",
                             "a part of validity, such as a third");
  if (spec.rotate_before && spec.propagation.value.mean() > static_cast<double>(spec.rotate_before->ns))
    target.diagnostics.warning(target.mark, target.path + ".rotate_before",
                               "shorter than the propagation: every rotation comes too late",
                               "rotate_before: several times the propagation");
}

void add_certificate(Station& station, const CertificateSpec& spec, const void* origin) {
  const bool there = std::any_of(station.doors.begin(), station.doors.end(),
                                 [](const AdmissionUse& use) { return use.policy == "certificate"; });
  if (there) return;  // its own, before the mesh's
  station.doors.push_back({"certificate", std::make_shared<const CertificateModel>(spec), Scope::service,
                           spec.shared, true, origin});
}

PolicyInfo certificate_policy() {
  PolicyInfo info;
  info.name = "certificate";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "Certificates that end and are rotated: calls over tls fail while one has expired.";
  info.fields = certificate_fields();
  info.example = "{validity: 24h, rotate_before: 8h, failure: 1%}";
  info.make = make_spec<CertificateSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const CertificateSpec*>(value);
    check_certificate(spec, target);
    add_certificate(*target.station, spec, target.origin);
  };
  return info;
}

}  // namespace tailrace::models
