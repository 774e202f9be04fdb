#pragma once
// Work at a proxy or gateway, put together from several functions' parts: constants that follow each other
// are one step, so that what is switched on costs its time and no events.
//
// A cost by size is fixed + size x per_kib, with the size drawn anew: where sizes vary, the cost of a message
// and its time on the network have the same law but are not the same draw.
#include <optional>

#include "models/kind/builder.hpp"

namespace tailrace::models {

struct HopCost {
  TimeDistribution time{sim::Distribution::constant(0)};
  sim::Duration per_kib{0};  // of 1024 bytes
};
// What is written, or else the default.
HopCost cost_or(const std::optional<HopCost>& written, double time_ns, sim::Duration per_kib = {0});
FieldTable message_cost_fields(const char* name = "cost", const char* about = "Work of one message.");

class HopWork {
 public:
  void add(const TimeDistribution& time);
  void add(const HopCost& cost, const std::optional<SizeDistribution>& size);
  // What has come together, as steps; then it is empty again.
  void flush(Steps& out);

 private:
  double constant_ns_ = 0;
  std::vector<sim::Distribution> drawn_;
};

// True when it is as it should be: it costs something; and where it goes by size, a route's size is known.
bool check_message_cost(const HopCost& cost, const std::string& path, Mark mark, Diagnostics& diagnostics);
bool check_message_size(const std::optional<HopCost>& cost, const std::optional<SizeDistribution>& size,
                        const char* size_field, Mark route, const std::string& path,
                        Diagnostics& diagnostics);

}  // namespace tailrace::models
