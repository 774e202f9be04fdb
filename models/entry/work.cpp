#include "models/entry/work.hpp"

#include <utility>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

HopCost cost_or(const std::optional<HopCost>& written, double time_ns, sim::Duration per_kib) {
  return written ? *written : HopCost{{sim::Distribution::constant(time_ns)}, per_kib};
}

FieldTable message_cost_fields(const char* name, const char* about) {
  return Fields<HopCost>(name, about)
      .add("time", &HopCost::time, "work of each message, whatever its size")
      .add("per_kib", &HopCost::per_kib,
           "more for each 1024 bytes of the route's request_size or response_size")
      .shorthand("time")
      .table();
}

void HopWork::add(const TimeDistribution& time) {
  if (time.value.is_constant()) {
    constant_ns_ += time.value.mean();
  } else {
    drawn_.push_back(time.value);
  }
}

void HopWork::add(const HopCost& cost, const std::optional<SizeDistribution>& size) {
  add(cost.time);
  if (cost.per_kib.ns > 0 && size)
    add(TimeDistribution{size->value.scaled(static_cast<double>(cost.per_kib.ns) / 1024)});
}

void HopWork::flush(Steps& out) {
  if (constant_ns_ > 0)
    out.push_back(drawing_step(Step::Kind::compute, sim::Distribution::constant(constant_ns_)));
  for (sim::Distribution& d : drawn_) out.push_back(drawing_step(Step::Kind::compute, std::move(d)));
  constant_ns_ = 0;
  drawn_.clear();
}

bool check_message_cost(const HopCost& cost, const std::string& path, Mark mark, Diagnostics& diagnostics) {
  if (cost.per_kib.ns > 0 || !cost.time.value.is_constant() || cost.time.value.mean() > 0) return true;
  diagnostics.error(mark, path, "it costs nothing: neither time nor per_kib is given",
                    "such as {time: 20us, per_kib: 5us}");
  return false;
}

bool check_message_size(const std::optional<HopCost>& cost, const std::optional<SizeDistribution>& size,
                        const char* size_field, Mark route, const std::string& path,
                        Diagnostics& diagnostics) {
  if (!cost || cost->per_kib.ns == 0 || size) return true;
  diagnostics.error(route, path, "a cost goes by size, and the size is not known",
                    std::string(size_field) + ": 2KB");
  return false;
}

}  // namespace tailrace::models
