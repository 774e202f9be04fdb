#include "models/messaging/cloud_queue/cloud_queue_model.hpp"

#include <utility>

#include "models/messaging/cloud_queue/cloud_queue.hpp"

namespace tailrace::models {

CloudQueueModel::CloudQueueModel(CloudQueueSettings settings)
    : settings_(std::move(settings)), groups_{settings_.group}, latency_(settings_.receive_latency) {}

std::unique_ptr<Channel> CloudQueueModel::start(ChannelHost& host) const {
  return std::make_unique<CloudQueue>(*this, host);
}

std::vector<std::string> CloudQueueModel::event_names() const {
  return {"deliveries paused", "deliveries resumed", "redrive began", "redrive ended"};
}

}  // namespace tailrace::models
