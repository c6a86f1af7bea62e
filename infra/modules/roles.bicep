// Who may do what. Names hold the principal: an assignment cannot be changed to another one, and a topic or an
// identity that is deleted and made again is another one. Principals are parameters, since names must be known early.

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

// On the account, not on each table: the app makes a table anew that somebody deleted.
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

// On its container only: the topic has no business in the tables.
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
