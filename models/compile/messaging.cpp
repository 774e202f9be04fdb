#include "models/compile/messaging.hpp"

#include "models/compile/writer.hpp"

namespace tailrace::models {

namespace {

class MessagingCompiler : public ModelWriter {
 public:
  using ModelWriter::ModelWriter;
  void channels();
  void publication(const Edge& e);
};

void MessagingCompiler::channels() {
  for (const Effect& e : t_.effects) {
    EffectTable table;
    table.idempotent = e.idempotent;
    if (e.ttl) table.ttl_ns = e.ttl->ns;
    m_.effects.push_back(table);
  }
  for (std::size_t i = 0; i < t_.milestones.size(); ++i)
    m_.milestone_series.push_back(series(SeriesKind::milestone, i));
  for (std::size_t i = 0; i < t_.sagas.size(); ++i) {
    const Saga& saga = t_.sagas[i];
    SagaTable table;
    table.begun = static_cast<std::uint32_t>(saga.begun);
    table.undoing = static_cast<std::uint32_t>(saga.undoing);
    table.ended = static_cast<std::uint32_t>(saga.ended);
    table.completed_series = series(SeriesKind::saga_completed, i);
    table.undone_series = series(SeriesKind::saga_undone, i);
    if (saga.timeout) table.timeout_ns = saga.timeout->ns;
    table.resume_after_ns = saga.resume_after.ns;
    for (const int effect : saga.memory) table.memory.push_back(static_cast<std::uint32_t>(effect));
    m_.sagas.push_back(std::move(table));
  }
  for (std::size_t c = 0; c < t_.channels.size(); ++c) {
    const MessageChannel& channel = t_.channels[c];
    ChannelTable table;
    table.model = channel.model;
    table.station = static_cast<std::uint32_t>(channel.station);
    table.first_group = static_cast<std::uint32_t>(m_.groups.size());
    table.groups = static_cast<std::uint32_t>(channel.groups.size());
    table.first_stream = static_cast<std::uint32_t>(m_.streams.size());
    for (std::uint32_t k = 0; k < channel.model->streams(); ++k)
      stream(channel.name, "channel/" + std::to_string(k));
    table.batching_series = series(SeriesKind::batching, c);
    for (std::size_t g = 0; g < channel.groups.size(); ++g) {
      const ConsumerGroup& group = channel.groups[g];
      GroupTable row;
      row.channel = static_cast<std::uint32_t>(c);
      row.subscription = static_cast<std::uint32_t>(g);
      row.transactional = group.transactional;
      row.waiting_series = series(SeriesKind::message_wait, m_.groups.size());
      row.end_to_end_series = series(SeriesKind::end_to_end, m_.groups.size());
      if (group.edge != kNone) {
        row.edge = static_cast<std::uint32_t>(group.edge);
        row.effect = static_cast<std::uint32_t>(group.effect);
        m_.effects[row.effect].group = static_cast<std::uint32_t>(m_.groups.size());
      }
      m_.groups.push_back(row);
    }
    m_.channels.push_back(std::move(table));
  }
}

void MessagingCompiler::publication(const Edge& e) {
  const PublishSettings& p = t_.publications[static_cast<std::size_t>(e.publication)];
  const std::string& from = component_name(e.from_component);
  PublicationTable table;
  table.channel = static_cast<std::uint32_t>(p.channel);
  table.entry = p.entry;
  table.route = p.route;
  table.producer = static_cast<std::uint32_t>(e.from_component);
  table.request_key = p.request_key;
  table.confirm = p.confirm;
  table.priority = p.priority;
  table.level = p.level;
  table.ttl_us = p.ttl_us;
  if (p.key) table.key = draw(*p.key, stream(from, "message key " + e.path));
  if (p.bytes) table.bytes = draw(*p.bytes, stream(from, "message size " + e.path));
  if (p.delay) table.delay = draw(*p.delay, stream(from, "message delay " + e.path));
  table.poison = p.poison;
  if (p.poison > 0)
    table.poison_draw = draw(sim::Distribution::uniform(0, 1), stream(from, "poison " + e.path));
  if (m_.publications.size() <= static_cast<std::size_t>(e.publication))
    m_.publications.resize(static_cast<std::size_t>(e.publication) + 1);
  m_.publications[static_cast<std::size_t>(e.publication)] = table;
}

}  // namespace

void compile_messaging(const Topology& topology, CompiledModel& model) {
  MessagingCompiler(topology, model).channels();
}

void compile_publication(const Topology& topology, CompiledModel& model, const Edge& edge) {
  MessagingCompiler(topology, model).publication(edge);
}

}  // namespace tailrace::models
