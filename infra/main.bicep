// Everything but the event subscriptions, which need the deployed functions: see event-subscriptions.bicep.
//
// Nothing is created outside the resource group of this deployment, because `azd down` deletes every resource group
// in which a deployment created something. The group of the Communication Services resource must never be deleted.

targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment, used for the resource group and for the tag azd-env-name of every resource.')
param environmentName string

@metadata({ azd: { type: 'location' } })
@description('Region of all resources. It must offer Flex Consumption: az functionapp list-flexconsumption-locations.')
param location string

@description('Resource id of the Azure Communication Services resource whose events are recorded.')
param communicationServiceId string

@description('Resource id of the Event Grid system topic of that resource, if it has one. Empty: create the topic.')
param existingSystemTopicId string = ''

@description('Object id of a principal that may read the tables and the dead letters. Empty: none.')
param principalId string = ''

@allowed(['User', 'Group', 'ServicePrincipal'])
@description('Type of the principal that principalId identifies.')
param principalType string = 'User'

@description('Email address for alerts. Empty: alerts are raised without a notification.')
param alertEmail string = ''

@description('Alert when no function has run for a day. Only for resources that are never idle for so long.')
param alertOnSilence bool = false

@description('Failed delivery attempts of one subscription within 15 minutes that raise an alert.')
param deliveryFailureThreshold int = 100

@minValue(30)
@maxValue(730)
@description('Retention of logs, in days.')
param logRetentionDays int = 30

@minValue(1)
@description('Retention of the files of events that Event Grid could not deliver, in days.')
param deadLetterRetentionDays int = 90

@description('Lock the data account against deletion and keep dead-letter files forever. Remove the lock before azd down.')
param legalHold bool = false

@allowed([512, 2048, 4096])
@description('Memory of an instance.')
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
@description('Limit on instances; 40 is the lowest that Flex Consumption accepts.')
param maximumInstanceCount int = 40

@minValue(1)
@maxValue(1000)
@description('Concurrent deliveries per instance. Event Grid triggers count as HTTP; the default for Python is 1.')
param httpConcurrency int = 16

@minValue(0)
@description('Instances that always run and are billed; with zone redundancy at least 2.')
param alwaysReady int = 0

@description('Spread the instances, the host account and its package over the zones of the region.')
param zoneRedundant bool = false

@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GRS', 'Standard_GZRS'])
@description('Redundancy of the data account; Standard_LRS where the region has no zones.')
param storageSku string = 'Standard_ZRS'

@description('Reach storage through private endpoints only, and let only Event Grid call the app.')
param vnetEnabled bool = false

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))
var subscriptionNames = map(loadJsonContent('event-filters.json'), declared => declared.name)

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: { token: token, location: location, tags: tags, retentionDays: logRetentionDays }
}

module hostStorage 'modules/host-storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    privateOnly: vnetEnabled
  }
}

module dataStorage 'modules/data-storage.bicep' = {
  name: 'data-storage'
  scope: group
  params: {
    name: 'stdata${token}'
    location: location
    tags: tags
    sku: storageSku
    privateOnly: vnetEnabled
    deadLetterRetentionDays: deadLetterRetentionDays
    legalHold: legalHold
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    hostStorageId: hostStorage.outputs.id
    dataStorageId: dataStorage.outputs.id
  }
}

module topic 'modules/topic.bicep' = {
  name: 'topic'
  scope: group
  params: {
    name: 'evgt-${token}'
    tags: tags
    communicationServiceId: communicationServiceId
    existingSystemTopicId: existingSystemTopicId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    hostStorageName: hostStorage.outputs.name
    dataStorageName: dataStorage.outputs.name
    deadLetterContainer: dataStorage.outputs.deadLetterContainer
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    appPrincipalId: identity.outputs.principalId
    topicPrincipalId: topic.outputs.principalId
    readerPrincipalId: principalId
    readerPrincipalType: principalType
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    packageContainer: hostStorage.outputs.packageContainer
    tableEndpoint: dataStorage.outputs.tableEndpoint
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
  }
  dependsOn: [roles] // the host reads its package and secrets on the first start
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    topicId: topic.outputs.id
    // A topic that existed before may have other subscriptions.
    subscriptionNames: empty(existingSystemTopicId) ? ['*'] : subscriptionNames
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    onSilence: alertOnSilence
    deliveryFailureThreshold: deliveryFailureThreshold
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    topicId: topic.outputs.id
    dataStorageId: dataStorage.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output TOPIC_NAME string = topic.outputs.name
output TOPIC_RESOURCE_GROUP string = topic.outputs.group
output TOPIC_SUBSCRIPTION_ID string = topic.outputs.subscriptionId
output FUNCTION_APP_ID string = app.outputs.id
output FUNCTION_APP_NAME string = app.outputs.name
output DEAD_LETTER_STORAGE_ID string = dataStorage.outputs.id
output EVENT_TABLES_ENDPOINT string = dataStorage.outputs.tableEndpoint
