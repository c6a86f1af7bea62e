// The Event Grid system topic of the Communication Services resource: a new one, or the existing one.
//
// A resource has at most one system topic; subscribing in the portal creates it. An existing topic has another owner
// and is only read: the owner must enable its identity.
// A new topic is created in this deployment's group, which must be in the subscription of its source.

param name string
param tags object
param communicationServiceId string
param existingSystemTopicId string
param workspaceId string

var make = empty(existingSystemTopicId)
// Both ids have subscription, group and name in the same positions.
var parts = split(make ? communicationServiceId : existingSystemTopicId, '/')

resource made 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (make) {
  name: name
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: communicationServiceId
    topicType: 'Microsoft.Communication.CommunicationServices'
  }
}

resource found 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (!make) {
  name: parts[8]
  scope: resourceGroup(parts[2], parts[4])
}

resource failures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (make) {
  name: 'delivery-failures'
  scope: made
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = make ? made.id : existingSystemTopicId
output name string = make ? name : parts[8]
output group string = make ? resourceGroup().name : parts[4]
output subscriptionId string = make ? subscription().subscriptionId : parts[2]
output principalId string = make ? made!.identity.principalId : found!.identity.principalId
