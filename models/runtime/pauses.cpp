// Consumer groups that pause: all their instances stop fetching, and go on. By the clock, or while another
// group is behind, which is how a consumer holds back for the sake of whoever comes after it.
#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

void Messaging::start_pauses() {
  for (std::uint32_t c = 0; c < model_.channels.size(); ++c) {
    for (const PauseSettings& settings : model_.channels[c].model->pauses) {
      const auto id = static_cast<std::uint32_t>(pauses_.size());
      pauses_.push_back({&settings, c, false});
      look_again(id, settings.watched >= 0 ? settings.interval_ns : settings.at_ns);
    }
  }
}

// After all that happens at that instant has happened.
void Messaging::look_again(std::uint32_t pause, std::int64_t ns) {
  run_.schedule(sim::saturating_add(run_.now_, ns), Phase::expire, Execution::Kind::channel,
                new_timer(pause, kNoId));
}

void Messaging::pause_event(std::uint32_t id) {
  Pause& pause = pauses_[id];
  const PauseSettings& s = *pause.settings;
  if (s.watched >= 0) {
    const std::uint64_t lag = depth(model_.effects[static_cast<std::size_t>(s.watched)].group);
    look_again(id, s.interval_ns);
    if (pause.on ? lag <= s.below : lag > s.above) set_pause(pause, !pause.on);
    return;
  }
  if (!pause.on) {
    look_again(id, s.length_ns);
  } else if (s.every_ns > 0) {
    look_again(id, s.every_ns - s.length_ns);
  }
  set_pause(pause, !pause.on);
}

void Messaging::set_pause(Pause& pause, bool on) {
  pause.on = on;
  const GroupTable& group =
      model_.groups[model_.channels[pause.channel].first_group + pause.settings->subscription];
  const StationTable& station = model_.stations[model_.edges[group.edge].station];
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    const bool leaves =
        station.scaled != kNoId && run_.lives_[station.first_life + i].state == InstanceLife::State::draining;
    set_intake(group, i, leaves);
  }
}

// Who leaves does not come back because a pause is over, and who comes during a pause waits for its end.
void Messaging::set_intake(const GroupTable& group, std::uint32_t index, bool leaves) {
  const bool paused = std::any_of(pauses_.begin(), pauses_.end(), [&](const Pause& p) {
    return p.on && p.channel == group.channel && p.settings->subscription == group.subscription;
  });
  channels_[group.channel]->set_intake(group.subscription, index,
                                       leaves   ? Intake::leaving
                                       : paused ? Intake::paused
                                                : Intake::open);
}

}  // namespace tailrace::models
