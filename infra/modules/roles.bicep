// Role assignments. Their names contain the principal, because an assignment cannot change its principal, and a topic or
// identity that is deleted and created again is a new one. Names must be known early, so principals are parameters.

param hostStorageName string
param dataStorageName string
param deadLetterContainer string
param applicationInsightsName string
param appPrincipalId string
param topicPrincipalId string
param readerPrincipalId string
param readerPrincipalType string

var ids = loadJsonContent('../role-ids.json')
var forHost = ['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor']
var forReader = empty(readerPrincipalId) ? [] : ['Storage Table Data Reader', 'Storage Blob Data Reader']

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: hostStorageName
}

resource dataStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: dataStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource deadLetters 'containers' existing = {
      name: deadLetterContainer
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource appOnHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in forHost: {
    name: guid(hostStorage.id, appPrincipalId, ids[role])
    scope: hostStorage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids[role])
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

// On the account, not on each table: the app creates a deleted table again.
resource appOnTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(dataStorage.id, appPrincipalId, ids['Storage Table Data Contributor'])
  scope: dataStorage
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      ids['Storage Table Data Contributor']
    )
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource appOnInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, appPrincipalId, ids['Monitoring Metrics Publisher'])
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      ids['Monitoring Metrics Publisher']
    )
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// On its container only: the topic needs no access to the tables.
resource topicOnDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(dataStorage::blobs::deadLetters.id, topicPrincipalId, ids['Storage Blob Data Contributor'])
  scope: dataStorage::blobs::deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      ids['Storage Blob Data Contributor']
    )
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource readerOnData 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in forReader: {
    name: guid(dataStorage.id, readerPrincipalId, ids[role])
    scope: dataStorage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ids[role])
      principalId: readerPrincipalId
      principalType: readerPrincipalType
    }
  }
]
