#include "models/mesh/sidecar.hpp"

#include <algorithm>

namespace tailrace::models {

Admission InboundSidecar::admit(const CallFacts& facts, sim::Stream&) {
  now_ = facts.now;
  const auto next = std::min_element(free_at_.begin(), free_at_.end());
  *next = std::max(*next, facts.now) + work_;
  busy_ns_ += static_cast<double>(work_.ns);
  const sim::Duration delay = *next - facts.now + latency_;
  return delay.ns > 0 ? Admission::later(delay) : Admission::yes();
}

double InboundSidecar::gauge() const {
  return now_.ns > 0 ? busy_ns_ / static_cast<double>(now_.ns) : 0;
}

void ControlPlane::change(bool begins, sim::Instant now) {
  if (begins && faults++ == 0) outages.push_back({now});
  if (!begins && --faults == 0) outages.back().ends = now;
}

Admission SidecarConfig::admit(const CallFacts& facts, sim::Stream& random) {
  while (delays_.size() < changes_.size()) delays_.push_back(delay_.sample_duration(random));
  settle(facts.now);
  return Admission::yes();
}

// A change sets out when it is made or, made in an outage, at its end; nothing overtakes.
void SidecarConfig::settle(sim::Instant now) {
  while (next_ < delays_.size() && changes_[next_] <= now) {
    sim::Instant sent = changes_[next_];
    for (const ControlPlane::Outage& o : plane_->outages) {
      if (sent >= o.begins && sent < o.ends) sent = o.ends;
    }
    if (sent > now) return;
    const sim::Instant there = sent + delays_[next_];
    if (there > now) return;
    ++next_;
    log_.set(static_cast<std::uint8_t>(next_), there);
  }
}

std::vector<std::string> SidecarConfigModel::statuses() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= changes_.size(); ++i) names.push_back("config " + std::to_string(i));
  return names;
}

}  // namespace tailrace::models
