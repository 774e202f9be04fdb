#include "models/outbox/outbox.hpp"

#include <memory>
#include <utility>

#include "models/messaging/cloud_queue/cloud_queue_model.hpp"
#include "models/messaging/expand.hpp"
#include "models/messaging/handler_steps.hpp"

namespace tailrace::models {

namespace {

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

CloudQueueSettings table_settings(const OutboxSpec& spec, const std::string& name) {
  CloudQueueSettings s;
  s.group = {"relay", spec.relay_instances, spec.relay_concurrency};
  s.place = name;
  s.fifo = spec.order != OutboxOrder::none;
  s.one_group = spec.order == OutboxOrder::all;
  s.at_its_place = true;
  s.visibility_timeout_ns = s.retention_ns = CloudQueueSettings::kNever;
  s.release_on_crash = true;
  s.receive_batch = spec.batch;
  s.wait_time_ns = 0;
  s.poll_interval_ns = spec.poll_interval.ns;
  s.on_failure = CloudOnFailure::make_visible;
  s.backoff = spec.retry ? pause_model(*spec.retry)
                         : BackoffModel{spec.poll_interval, 1, spec.poll_interval, Jitter::none};
  return s;
}

// The write goes first: the row is there when it has succeeded, in the same instant.
void write_before_deposit(const OutboxSpec& spec, const std::string& name, TopologyBuilder& b) {
  const int op = b.find_operation(name + ".publish");
  if (op == kNone) return;  // its name was refused
  const auto at = static_cast<std::size_t>(op);
  const int outer = std::exchange(b.station, b.topology.operations[at].station);
  Steps steps;
  expand_steps({call_step(spec.database, spec.policies, false, b.path + ".database")}, b, steps);
  b.station = outer;
  Steps& all = b.topology.operations[at].steps;
  all.insert(all.begin(), std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const OutboxSpec& spec = *static_cast<const OutboxSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  if (spec.publish.text.substr(0, spec.publish.text.find('.')) == self.name)
    b.diagnostics.error(spec.publish.mark, path + ".publish", "an outbox cannot publish into itself",
                        "name the channel that the rows are for");
  if (spec.retry && spec.retry->base_interval.ns == 0)
    b.diagnostics.error(self.mark, path + ".retry.base_interval",
                        "a publication that is refused at once would be tried again at the same instant",
                        "such as 1s");
  if (spec.order == OutboxOrder::all && spec.relay_instances * spec.relay_concurrency > 1)
    b.diagnostics.warning(self.mark, path + ".ordering", "in the order of all rows one relay works at a time",
                          "ordering: key, or one relay");
  ChannelSettings channel;
  channel.model = std::make_shared<CloudQueueModel>(table_settings(spec, self.name));
  const int id = add_channel(b, component, std::move(channel));
  write_before_deposit(spec, self.name, b);
  ConsumerSpec relay;
  relay.instances = spec.relay_instances;
  relay.concurrency = spec.relay_concurrency;
  relay.steps.push_back(publish_step(spec.publish, path + ".publish", b.diagnostics));
  if (spec.mark) relay.steps.push_back(call_step(*spec.mark, spec.policies, false, path + ".mark"));
  add_group(b, id, "relay", relay, self.mark, path);
}

}  // namespace

Kind outbox_kind() {
  Kind kind;
  kind.name = "outbox";
  kind.section = "outboxes";
  kind.about =
      "A transactional outbox: messages are rows, written with the business data, that a relay publishes.";
  kind.example = "{order_outbox: {database: ledger.write, publish: invoices, mark: ledger.write}}";
  FieldTable table =
      Fields<OutboxSpec>("outbox", kind.about)
          .add("database", &OutboxSpec::database,
               "the operation that writes the row, in the transaction of the business data: publishing into "
               "the outbox is this call")
          .required()
          .add("publish", &OutboxSpec::publish, "the channel that the relay publishes the rows to")
          .required()
          .add("mark", &OutboxSpec::mark,
               "the operation that marks or deletes a published row; default: takes no time")
          .add("poll_interval", &OutboxSpec::poll_interval, "the relay's pause after it found no rows",
               more_than(0))
          .add("batch", &OutboxSpec::batch, "rows of one poll, at most", between(1, 1e5))
          .add("relay_instances", &OutboxSpec::relay_instances, "of the relay", between(1, 1000))
          .add("relay_concurrency", &OutboxSpec::relay_concurrency, "rows that an instance handles at a time",
               between(1, 1000))
          .choice("ordering", &OutboxSpec::order, {"all", "key", "none"},
                  "rows are published in their order; those of one key are; in any order")
          .section("retry", &OutboxSpec::retry, pause_fields("retry"),
                   "the pause after a failed publication; default: poll_interval")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<OutboxSpec*>(spec)->policies; });
  kind.fields = std::move(table);
  kind.make = make_spec<OutboxSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
