#include "scenarios/run/crew.hpp"

#include <algorithm>

#include "models/runtime/execution.hpp"
#include "models/runtime/record_bytes.hpp"
#include "scenarios/run/tasks.hpp"
#include "sim/base/bytes.hpp"

namespace tailrace::scenarios {

std::string task_bytes(const CrewTask& task) {
  sim::ByteWriter out;
  out.text(task.recipe);
  out.number(task.replication);
  out.whole(task.warmup_ns);
  out.whole(task.batches);
  out.number(static_cast<std::uint64_t>(task.trace.mode));
  out.number(task.trace.every);
  return out.take();
}

bool read_task(std::string_view bytes, CrewTask& task) {
  sim::ByteReader in(bytes);
  task.recipe = in.text();
  task.replication = static_cast<std::uint32_t>(in.number());
  task.warmup_ns = in.whole();
  task.batches = static_cast<int>(in.whole());
  task.trace.mode = static_cast<models::TraceSampling::Mode>(in.number());
  task.trace.every = in.number();
  return in.good() && in.at_end();
}

std::shared_ptr<const models::CompiledModel> CrewMember::model(const std::string& recipe) {
  const std::scoped_lock lock(mutex_);
  const auto at =
      std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return kept.first == recipe; });
  if (at != kept_.end()) {
    std::rotate(kept_.begin(), at, at + 1);
  } else {
    kept_.emplace_front(recipe, build_(recipe));
    if (kept_.size() > kMostKept) kept_.pop_back();
  }
  return kept_.front().second;
}

void CrewMember::run(const std::vector<std::string>& tasks, const CrewOptions& options,
                     const std::function<void(std::size_t, std::string)>& done) {
  std::mutex mutex;
  std::vector<std::pair<std::size_t, std::string>> found;
  const auto hand_over = [&] {
    std::vector<std::pair<std::size_t, std::string>> now;
    {
      const std::scoped_lock lock(mutex);
      now.swap(found);
    }
    for (auto& [i, bytes] : now) done(i, std::move(bytes));
    if (options.tick) options.tick();
  };
  TaskOptions how;
  how.jobs = jobs_;
  how.interrupt = options.interrupt;
  how.tick = hand_over;
  run_tasks(tasks.size(), how, [&](std::size_t i) {
    CrewTask task;
    std::string bytes;
    const auto built = read_task(tasks[i], task) ? model(task.recipe) : nullptr;
    if (built != nullptr) {
      models::RunOptions run;
      run.seed = built->topology->run.seed;
      run.replication = task.replication;
      run.warmup_ns = task.warmup_ns;
      run.batches = task.batches;
      run.trace = task.trace;
      run.interrupt = options.interrupt;
      const models::RunRecord record = models::Execution(built, run).run();
      if (record.status == models::RunStatus::interrupted) return false;
      bytes = models::record_bytes(record);
    }
    const std::scoped_lock lock(mutex);
    found.emplace_back(i, std::move(bytes));
    return true;
  });
  hand_over();
}

}  // namespace tailrace::scenarios
