// The data: the tables of events, and the files of events that Event Grid could not deliver.

param name string
param location string
param tags object
param sku string
param privateOnly bool
param deadLetterRetentionDays int
param legalHold bool

var deadLetterContainerName = loadJsonContent('../subscriptions.json').delivery.deadLetterContainer
var tableNames = [
  'Timeline'
  'SmsEvents'
  'SmsMessages'
  'ChatUserEvents'
  'ChatThreadEvents'
  'DeadLetters'
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Event Grid reaches the container as a trusted service with its topic's identity.
    networkAcls: { defaultAction: privateOnly ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource tables 'tables' = [for table in tableNames: { name: table }]
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 14 }
      containerDeleteRetentionPolicy: { enabled: true, days: 14 }
    }

    resource deadLetters 'containers' = {
      name: deadLetterContainerName
      properties: { publicAccess: 'None' }
    }
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'delete-old-dead-letters'
            enabled: !legalHold
            type: 'Lifecycle'
            definition: {
              filters: {
                blobTypes: ['blockBlob', 'appendBlob']
                prefixMatch: ['${deadLetterContainerName}/']
              }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: deadLetterRetentionDays } } }
            }
          }
        ]
      }
    }
    dependsOn: [blobs]
  }
}

// Rows can still be deleted through the table service: a lock protects the account, not its content.
resource hold 'Microsoft.Authorization/locks@2020-05-01' = if (legalHold) {
  name: 'legal-hold'
  scope: account
  properties: { level: 'CanNotDelete', notes: 'Records of events are under legal hold.' }
}

output id string = account.id
output name string = account.name
output tableEndpoint string = account.properties.primaryEndpoints.table
output deadLetterContainer string = deadLetterContainerName
