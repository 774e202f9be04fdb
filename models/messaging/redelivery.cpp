#include "models/messaging/redelivery.hpp"

#include <algorithm>
#include <utility>

namespace tailrace::models {

FieldTable pause_fields(std::string name) {
  return Fields<PauseSpec>(std::move(name), "The pause before a failed message is handled again.")
      .add("base_interval", &PauseSpec::base_interval, "the first pause, before jitter")
      .add("multiplier", &PauseSpec::multiplier, "each pause is this many times the one before", at_least(1))
      .add("max_interval", &PauseSpec::max_interval, "no pause is longer")
      .choice("jitter", &PauseSpec::jitter, {"full", "none", "equal"},
              "full: uniform between 0 and the pause; equal: between half of it and all; none: exactly it")
      .table();
}

BackoffModel pause_model(const PauseSpec& spec) {
  constexpr Jitter kJitters[] = {Jitter::full, Jitter::none, Jitter::equal};
  return {spec.base_interval, spec.multiplier, std::max(spec.max_interval, spec.base_interval),
          kJitters[static_cast<std::size_t>(spec.jitter)]};
}

}  // namespace tailrace::models
