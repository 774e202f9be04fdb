#pragma once
// Replications that others simulate: a crew takes tasks and gives back records, such as the ranks of a
// cluster (cli/cluster_crew.hpp). A record does not depend on who made it, so whoever asks for one gets what
// its own threads would have found. A model travels as its recipe: a text from which the other side, which
// has read the same scenario, builds the same model.
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::scenarios {

struct CrewTask {
  std::string recipe;
  std::uint32_t replication = 0;
  std::int64_t warmup_ns = 0;
  int batches = 0;
  models::TraceSampling trace;
};
std::string task_bytes(const CrewTask& task);
bool read_task(std::string_view bytes, CrewTask& task);

// Nobody is left to simulate, or they are not what they should be.
class CrewLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CrewOptions {
  const std::atomic<int>* interrupt = nullptr;  // non-zero: come back with what there is
  std::function<void()> tick;                   // now and then, by the calling thread
};

class Crew {
 public:
  virtual ~Crew() = default;
  // done(i, record) by the calling thread, once for each task, in any order; false: tasks after i are not
  // wanted any more, those before it are. Throws CrewLost.
  virtual void run(const std::vector<CrewTask>& tasks, const CrewOptions& options,
                   const std::function<bool(std::size_t, models::RunRecord)>& done) = 0;
};

// The side that simulates.
class CrewMember {
 public:
  using Build = std::function<std::shared_ptr<const models::CompiledModel>(const std::string& recipe)>;
  CrewMember(Build build, int jobs) : build_(std::move(build)), jobs_(jobs) {}

  // Tasks as bytes; done(i, record as bytes) and options.tick by the calling thread. What an interrupt cut
  // short is not done. A recipe that builds nothing here gives no bytes.
  void run(const std::vector<std::string>& tasks, const CrewOptions& options,
           const std::function<void(std::size_t, std::string)>& done);

 private:
  static constexpr std::size_t kMostKept = 8;
  std::shared_ptr<const models::CompiledModel> model(const std::string& recipe);

  Build build_;
  int jobs_;
  std::mutex mutex_;
  std::deque<std::pair<std::string, std::shared_ptr<const models::CompiledModel>>>
      kept_;  // lately used first
};

}  // namespace tailrace::scenarios
