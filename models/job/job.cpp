#include "models/job/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "models/messaging/cloud_queue/cloud_queue_model.hpp"
#include "models/messaging/expand.hpp"
#include "models/messaging/handler_steps.hpp"

namespace tailrace::models {

namespace {

FieldTable workers_fields() {
  FieldTable table;
  table.name = "workers";
  table.about = "Who does the jobs.";
  add_consumer_fields(table, [](void* spec) -> ConsumerSpec& { return *static_cast<ConsumerSpec*>(spec); });
  return table;
}

FieldTable callback_fields() {
  FieldTable table =
      Fields<CallbackSpec>("callback", "Tells the submitter that its job is done. Its failure fails no job.")
          .add("calls", &CallbackSpec::calls, "the operation that is called after a job's success")
          .required()
          .shorthand("calls")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<CallbackSpec*>(spec)->policies; });
  return table;
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

CloudQueueSettings lease_settings(const JobSpec& spec, const std::string& name) {
  CloudQueueSettings s;
  s.group = {"workers", spec.workers.laid_out(), spec.workers.concurrency};
  s.place = name;
  s.fifo = spec.order == JobOrder::key;
  s.at_its_place = true;
  s.retention_ns = CloudQueueSettings::kNever;
  s.capacity = spec.capacity.value;
  s.visibility_timeout_ns = spec.lease.ns;
  if (!spec.no_heartbeat) {
    const std::int64_t third = std::max<std::int64_t>(1, spec.lease.ns / 3);
    s.extend_interval_ns = spec.heartbeat.value_or(sim::Duration{third}).ns;
    s.extend_until_ns = CloudQueueSettings::kNever;
  }
  s.free_workers_only = true;
  s.on_failure = CloudOnFailure::make_visible;
  s.backoff = pause_model(spec.retry);
  s.max_receives = spec.max_attempts;
  s.give_up_at_failure = true;
  return s;
}

// What a worker does: the job, then the call back.
ConsumerSpec with_callback(const JobSpec& spec, const std::string& path) {
  ConsumerSpec workers = spec.workers;
  if (!spec.callback) return workers;
  if (workers.calls && workers.steps.empty()) {
    workers.steps.push_back(call_step(*workers.calls, workers.policies, false, path + ".workers.calls"));
    workers.calls.reset();
    workers.policies.clear();
  }
  workers.steps.push_back(
      call_step(spec.callback->calls, spec.callback->policies, true, path + ".callback.calls"));
  return workers;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const JobSpec& spec = *static_cast<const JobSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  const auto error = [&](const char* field, std::string message, std::string hint) {
    b.diagnostics.error(self.mark, path + field, std::move(message), std::move(hint));
  };
  if (spec.workers.laid_out() == 0) error(".workers.instances", "nobody does the jobs", "at least 1");
  if (!spec.workers.calls && spec.workers.steps.empty())
    error(".workers", "nothing says what a job does", "steps: [compute: 1min], or calls: an operation");
  if (spec.capacity.value == 0) error(".capacity", "no job is ever accepted", "at least 1, or unlimited");
  if (spec.heartbeat && !spec.no_heartbeat && spec.heartbeat->ns >= spec.lease.ns)
    error(".heartbeat",
          fmt::format("the lease ({}) is over before the first heartbeat", show_value(spec.lease)),
          "shorter than lease, or none");
  CloudQueueSettings settings = lease_settings(spec, self.name);
  if (spec.dead_letter) {
    const ChannelEntry found = resolve_other_channel(b, *spec.dead_letter, "dead_letter", self.name,
                                                     "a job queue cannot be its own dead-letter queue");
    settings.dead_letter = found.channel;
    settings.dead_letter_entry = found.entry;
  }
  ChannelSettings channel;
  channel.model = std::make_shared<CloudQueueModel>(std::move(settings));
  const int id = add_channel(b, component, std::move(channel));
  add_group(b, id, "workers", with_callback(spec, path), self.mark, path + ".workers");
}

}  // namespace

Kind job_kind() {
  Kind kind;
  kind.name = "job";
  kind.section = "jobs";
  kind.about =
      "Long-running jobs that workers take under a lease; submitters poll for them or are called back.";
  kind.example = "{reports: {workers: {instances: 2, steps: [compute: exp(50ms)]}, callback: cart.get}}";
  kind.fields =
      Fields<JobSpec>("job", kind.about)
          .section("workers", &JobSpec::workers, workers_fields(), "who does the jobs, and what a job is")
          .required()
          .add("lease", &JobSpec::lease, "a job that is not heard of for so long is given to another worker",
               more_than(0))
          .add("heartbeat", &JobSpec::heartbeat,
               "how often a worker extends its lease; default a third of it", more_than(0))
          .also("none", &JobSpec::no_heartbeat)
          .add("max_attempts", &JobSpec::max_attempts, "of a job, the first included; then it is given up",
               between(1, 1000))
          .section("retry", &JobSpec::retry, pause_fields("retry"), "the pause after a failed attempt")
          .add("dead_letter", &JobSpec::dead_letter,
               "the channel for what is given up; default: it is only counted")
          .add("capacity", &JobSpec::capacity, "jobs that are not done, at most; more are refused",
               at_least(0))
          .choice("order", &JobSpec::order, {"none", "key"}, "key: those of one key in order, one at a time")
          .section("callback", &JobSpec::callback, callback_fields(),
                   "called after a job's success; default: nobody is told")
          .table();
  kind.make = make_spec<JobSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
