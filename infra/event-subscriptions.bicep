// The event subscriptions, after the code is deployed: Event Grid looks for the functions when one is created.
// Deployed to the resource group of the topic, by scripts/subscribe.sh or by hand.
//
// subscriptions.json declares them; event-filters.json is made from it and the catalogue of event types.

@description('Name of the Event Grid system topic in this resource group.')
param systemTopicName string

@description('Resource id of the function app; its functions must be deployed already.')
param functionAppId string

@description('Resource id of the storage account for what cannot be delivered; the topic may write to its container.')
param deadLetterStorageId string

var delivery = loadJsonContent('subscriptions.json').delivery

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

// One after the other, in the order of the file: the subscription to types that nobody knows yet comes last. It lets
// go of a type only after the subscription of its family has it.
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
