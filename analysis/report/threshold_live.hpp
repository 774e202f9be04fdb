#pragma once
// A threshold that is asked while a replication runs, of what has been measured since the end of the warm-up:
// figures of workloads and of their classes of requests, which a Peek (models/runtime/watch.hpp) has exactly.
#include <memory>
#include <optional>
#include <string>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/watch.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::analysis {

namespace detail {
struct Resolved;
}

class LiveThreshold {
 public:
  // `fault`: why this one cannot be asked while it runs; "" also where its words are wrong, which is told
  // elsewhere. A count that is to become greater is none: it may still do so.
  static std::optional<LiveThreshold> make(const models::Topology& topology,
                                           const models::Threshold& threshold, std::string& fault);

  // What was measured, if it fails by now. Nothing where it holds, or where no request has ended yet.
  std::optional<double> failed(const models::CompiledModel& model, const models::Peek& peek) const;
  const std::string& metric() const { return metric_; }
  const std::string& expression() const { return expression_; }

 private:
  std::optional<double> value(const models::CompiledModel& model, const models::Peek& peek) const;

  std::string metric_, expression_;
  std::shared_ptr<const detail::Resolved> resolved_;
  std::size_t first_class_ = 0, classes_ = 0;
};

}  // namespace tailrace::analysis
