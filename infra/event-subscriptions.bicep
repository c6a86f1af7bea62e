// The event subscriptions. They are deployed after the code, since Event Grid checks that the functions exist.
// scripts/subscribe.sh deploys this to the resource group of the topic, or you do so by hand.
//
// subscriptions.json declares them; event-filters.json is generated from it and the catalogue of event types.

@description('Name of the Event Grid system topic in this resource group.')
param systemTopicName string

@description('Resource id of the function app; its functions must be deployed already.')
param functionAppId string

@description('Resource id of the storage account for undeliverable events; the topic may write to its container.')
param deadLetterStorageId string

var delivery = loadJsonContent('subscriptions.json').delivery

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

// One after the other, in the order of the file, with the subscription to new types last: it excludes a type only after
// the subscription of the type's family includes it.
@batchSize(1)
resource subscriptions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for declared in loadJsonContent('event-filters.json'): {
    parent: topic
    name: declared.name
    properties: {
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: '${functionAppId}/functions/${declared.function}'
          maxEventsPerBatch: delivery.maxEventsPerBatch
          preferredBatchSizeInKilobytes: delivery.preferredBatchSizeInKilobytes
        }
      }
      filter: any(declared.filter)
      eventDeliverySchema: delivery.eventDeliverySchema
      retryPolicy: {
        maxDeliveryAttempts: delivery.maxDeliveryAttempts
        eventTimeToLiveInMinutes: delivery.eventTimeToLiveInMinutes
      }
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: { resourceId: deadLetterStorageId, blobContainerName: delivery.deadLetterContainer }
        }
      }
    }
  }
]
